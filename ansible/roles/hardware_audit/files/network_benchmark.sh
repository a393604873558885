#!/bin/sh
# network_benchmark.sh PORT ADDRESS: how far it is to one other host, and how much fits through.
#
# Prints sections as collect.sh does: `ping`, `mtu` of the interface that leads there, `tailscale` (which says
# whether the way is direct or relayed) and `iperf3`, when both ends have it.

set -u
LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH

emit() { # NAME STATUS TEXT
    printf '#section %s %s\n' "$1" "$2"
    if [ -n "$3" ]; then
        printf '%s\n' "$3" | sed 's/^/|/'
    fi
}

ask() { # NAME COMMAND…
    name=$1
    shift
    status=127
    text=
    if command -v "$1" >/dev/null 2>&1; then
        text=$("$@" 2>/dev/null)
        status=$?
    fi
    emit "$name" "$status" "$text"
}

ask ping ping -c 5 -w 10 "$2"
ip=$(printf '%s\n' "$text" | sed -n '1s/^PING [^(]*(\([0-9a-fA-F:.]*\)).*/\1/p')
interface=$(ip route get "${ip:-$2}" 2>/dev/null | sed -n '1s/.* dev \([^ ]*\).*/\1/p')
if [ -n "$interface" ] && [ -r "/sys/class/net/$interface/mtu" ]; then
    emit mtu 0 "$(cat "/sys/class/net/$interface/mtu")"
fi
if [ "${interface#tailscale}" != "$interface" ]; then
    ask tailscale tailscale ping -c 5 --timeout 5s "${ip:-$2}"
fi
ask iperf3 iperf3 -c "$2" -p "$1" -t 3 --connect-timeout 2000 -J
printf '#end\n'
