#!/bin/sh
# Updates the Azure agent from the package of the distribution, never from its source repository. Runs as root, by a managed run command.
#
# It has no parameters and prints one line of JSON. Exit codes: 0 done, 1 not done.
set -uf
LC_ALL=C
DEBIAN_FRONTEND=noninteractive
export LC_ALL DEBIAN_FRONTEND

root=${AZBACKUP_TEST_ROOT:-} # only tests set this
pending=$root/run/azbackup-agent-version

fail() {
  printf '{"script":"linux-agent-update","error":"%s"}\n' "$1"
  exit 1
}

version() {
  if [ "$manager" = apt-get ]; then
    found=$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null)
  else
    found=$(rpm -q --qf '%{VERSION}-%{RELEASE}' "$package" 2>/dev/null)
  fi || return
  printf %s "$found" | tr -cd 'A-Za-z0-9.+:~_-'
}

# A changed configuration file stays as it is.
upgrade() {
  case $manager in
    apt-get) apt-get -q update && apt-get -q -y -o Dpkg::Options::=--force-confold install --only-upgrade "$package" ;;
    zypper) zypper --non-interactive refresh && zypper --non-interactive update "$package" ;;
    *) "$manager" -y update "$package" ;;
  esac
}

# Debian and Ubuntu call the service walinuxagent, the others waagent. It is what runs this script, so the end of that comes first.
restart_agent() {
  for service in walinuxagent waagent; do
    if systemctl cat "$service.service" >/dev/null 2>&1; then
      systemd-run --on-active=15 systemctl restart "$service.service" >&2 && return
      systemctl --no-block restart "$service.service" >&2 && return
    elif [ -x "$root/etc/init.d/$service" ]; then
      "$root/etc/init.d/$service" restart >&2 && return
    fi
  done
  fail 'the service of the Azure agent could not be restarted; this is tried again on the next run'
}

manager=
for name in apt-get zypper tdnf dnf yum; do
  if [ -z "$manager" ] && command -v "$name" >/dev/null 2>&1; then
    manager=$name
  fi
done
case $manager in
  '') fail 'no package manager that is known here: apt-get, zypper, tdnf, dnf or yum' ;;
  apt-get) package=walinuxagent ;;
  zypper) package=python-azure-agent ;;
  *) package=WALinuxAgent ;;
esac

before=$(version) || fail "the package $package is not installed"
mkdir -p "$root/run"
[ -e "$pending" ] || echo "$before" >"$pending" || fail "can't write $pending"
upgrade >&2 </dev/null || fail "$manager could not update $package"
after=$(version) || fail "the package $package is gone after the update"

# A run that died before the restart has left the version that was there before it.
restarted=false
if [ "$(cat "$pending")" != "$after" ]; then
  restart_agent
  restarted=true
fi
rm -f "$pending"
printf '{"script":"linux-agent-update","package":"%s","before":"%s","after":"%s","agentRestarted":%s}\n' \
  "$package" "$before" "$after" "$restarted"
