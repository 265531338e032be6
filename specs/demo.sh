#!/bin/sh
# The whole way, against a sandbox in a temporary folder: from an empty vault to "no changes", and back there after drift.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export AZBACKUP_SANDBOX="$folder/azure.sqlite"

run() { # run EXPECTED-CODE COMMAND...: the exit code is part of what is shown
  wanted=$1; shift
  printf '\n$ %s\n' "$*"
  code=0; "$@" || code=$?
  if [ "$code" -ne "$wanted" ]; then echo "demo: exit code $code, expected $wanted" >&2; exit 1; fi
}

run 0 azbackup sandbox load specs/sandbox/quickstart-estate.yaml
run 0 azbackup validate specs/quickstart.yaml
run 2 azbackup plan specs/quickstart.yaml --detailed-exitcode
run 0 azbackup apply specs/quickstart.yaml --auto-approve
run 0 azbackup plan specs/quickstart.yaml --detailed-exitcode
printf '\nSomebody keeps points for less time and stops the backup of a VM, in the portal:\n'
run 0 python specs/demo_portal.py "$AZBACKUP_SANDBOX"
run 2 azbackup drift specs/quickstart.yaml
run 0 azbackup apply specs/quickstart.yaml --auto-approve
run 0 azbackup drift specs/quickstart.yaml
