#!/bin/sh
# Sets or takes back the proxy of this machine and of its Azure agent. Runs as root, by a managed run command.
#
# Parameters are environment variables: AZBACKUP_ACTION (set or undo), AZBACKUP_PROXY_HOST and AZBACKUP_PROXY_PORT (for set).
# What it writes stands between two marks at the end of a file, and a line that this replaces is kept as a comment: undo takes
# back both, and leaves every other byte as it is. It prints one line of JSON. Exit codes: 0 done, 1 not done, 2 wrong parameters.
set -uf
LC_ALL=C
export LC_ALL
umask 022

begin='# BEGIN azbackup proxy'
end='# END azbackup proxy'
keeps='# azbackup keeps: '

root=${AZBACKUP_TEST_ROOT:-} # only tests set this
environment=/etc/environment
agent=/etc/waagent.conf
pending=$root/run/azbackup-restart-agent

fail() {
  printf '{"script":"linux-proxy","error":"%s"}\n' "$1"
  exit "${2:-1}"
}

check_parameters() {
  case $action in
    undo) return ;;
    set) ;;
    *) fail 'AZBACKUP_ACTION is not set or undo' 2 ;;
  esac
  case $host in
    '' | [.-]* | *[.-] | *[!A-Za-z0-9.-]*) fail 'AZBACKUP_PROXY_HOST is no host name or IPv4 address' 2 ;;
  esac
  case $port in
    '' | 0* | *[!0-9]* | ??????*) fail 'AZBACKUP_PROXY_PORT is not a number from 1 to 65535' 2 ;;
  esac
  [ "$port" -le 65535 ] || fail 'AZBACKUP_PROXY_PORT is not a number from 1 to 65535' 2
}

# The file as it was before this script came: $1 is the file, $2 takes the text.
take_back() {
  : >"$2"
  [ -e "$root$1" ] || return 0
  [ "$(tr -d '\000' <"$root$1" | wc -c)" -eq "$(wc -c <"$root$1")" ] || fail "$1 is not a text file"
  first=$(sed -n "/^$begin/=" "$root$1")
  last=$(sed -n "/^$end\$/=" "$root$1")
  case "$first,$last" in
    ,) ;;
    *[!0-9,]* | ,* | *,) fail "the marks of azbackup in $1 are damaged, mend it by hand" ;;
    *) [ "$first" -lt "$last" ] || fail "the marks of azbackup in $1 are damaged, mend it by hand" ;;
  esac
  sed -e "/^$begin/,/^$end\$/d" -e "s/^$keeps//" "$root$1" >"$2"
  if grep -q "^$begin (line ended)\$" "$root$1" && [ "$(tail -n 1 "$root$1")" = "$end" ]; then
    head -c "$(($(wc -c <"$2") - 1))" "$2" >"$2.cut" && mv "$2.cut" "$2"
  fi
}

# The value in effect of key $1 in text $2: the last one counts.
value() {
  sed -nE "s/^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*=[[:space:]]*//p" "$2" | tail -n 1 | tr -d '\r' | sed 's/^"\(.*\)"$/\1/'
}

in_effect() {
  for line in $2; do
    [ "$(value "${line%%=*}" "$1")" = "${line#*=}" ] || return 1
  done
}

# From text $2, which is file $1 as it was, to text $3 with the lines $5, whose keys are $4.
put() {
  if in_effect "$2" "$5"; then
    cp "$2" "$3"
    return
  fi
  note=
  if [ ! -e "$root$1" ] || { [ ! -s "$2" ] && grep -q "^$begin (file made)\$" "$root$1"; }; then
    note=' (file made)'
  elif [ -s "$2" ] && [ -n "$(tail -c 1 "$2")" ]; then
    note=' (line ended)'
  fi
  sed -E "s/^[[:space:]]*(export[[:space:]]+)?($4)[[:space:]]*=/$keeps&/" "$2" >"$3"
  [ "$note" != ' (line ended)' ] || echo >>"$3"
  printf '%s\n' "$begin$note" "$5" "$end" >>"$3"
}

# Makes text $2 the content of file $1, with the owner, the mode and the links that the file has.
write() {
  if [ -e "$root$1" ] && [ "$(sha256sum <"$root$1")" = "$(sha256sum <"$2")" ]; then
    return
  fi
  [ -e "$root$1" ] || [ -s "$2" ] || return 0
  mkdir -p "$root/run"
  : >"$pending" || fail "can't write $pending"
  changed="$changed${changed:+,}\"$1\""
  if [ ! -s "$2" ] && grep -q "^$begin (file made)\$" "$root$1"; then
    rm -f "$root$1"
    return
  fi
  target=$(readlink -f "$root$1")
  if [ -e "$target" ]; then
    cp --preserve=all "$target" "$target.azbackup" 2>/dev/null || cp -p "$target" "$target.azbackup" || fail "can't write beside $1"
  fi
  if ! cat "$2" >"$target.azbackup" || ! mv -f "$target.azbackup" "$target"; then
    rm -f "$target.azbackup"
    fail "can't write $1"
  fi
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

action=${AZBACKUP_ACTION:-}
host=${AZBACKUP_PROXY_HOST:-}
port=${AZBACKUP_PROXY_PORT:-}
check_parameters

scratch=$(mktemp -d) || fail "can't make a temporary folder"
trap 'rm -rf "$scratch"' EXIT
take_back $environment "$scratch/environment"
take_back $agent "$scratch/agent"
if [ "$action" = set ]; then
  [ -e "$root$agent" ] || fail "$agent is missing"
  direct=$(value no_proxy "$scratch/environment" | tr -d '[:space:]')
  for address in 168.63.129.16 169.254.169.254; do
    case ",$direct," in
      *",$address,"*) ;;
      *) direct=${direct:+$direct,}$address ;;
    esac
  done
  proxy=http://$host:$port
  put $environment "$scratch/environment" "$scratch/environment.new" 'http_proxy|https_proxy|no_proxy' "http_proxy=$proxy
https_proxy=$proxy
no_proxy=$direct"
  put $agent "$scratch/agent" "$scratch/agent.new" 'HttpProxy[.]Host|HttpProxy[.]Port' "HttpProxy.Host=$host
HttpProxy.Port=$port"
else
  mv "$scratch/environment" "$scratch/environment.new"
  mv "$scratch/agent" "$scratch/agent.new"
fi

changed=
restarted=false
write $environment "$scratch/environment.new"
write $agent "$scratch/agent.new"
# The mark outlives a run that died before the restart.
if [ -e "$pending" ]; then
  restart_agent
  rm -f "$pending"
  restarted=true
fi
printf '{"script":"linux-proxy","action":"%s","changed":[%s],"agentRestarted":%s}\n' "$action" "$changed" "$restarted"
