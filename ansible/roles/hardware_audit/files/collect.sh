#!/bin/sh
# Prints what a machine says about itself, unread: `#section NAME STATUS`, then its lines behind a `|`.
#
# Wants only a POSIX shell and sed (busybox will do), so that Home Assistant OS answers like any other host.
# STATUS is the exit status of a command, 127 where there is none; of a file, 0 or 1.
# Its arguments, KIND FOLDER in turn, are folders to weigh: what they hold is of KIND (platform, image, model).
# A FOLDER may end in a pattern, as /var/lib/x/*_ours_*; those that are not there weigh nothing.
# AUDIT_ROOT names another system root: its files are read, and instead of running commands their recorded
# outputs, `$AUDIT_ROOT/commands/NAME` (with a failure's status in `NAME.status`).

set -u
LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin:/usr/lib/wsl/lib
export LC_ALL PATH
unset LANGUAGE OMP_NUM_THREADS OMP_THREAD_LIMIT # nproc obeys the latter two

root=${AUDIT_ROOT:-}

patience=
long_patience=
if timeout 10 true 2>/dev/null; then
    patience='timeout 10' # a driver or a file system that hangs must not hang the audit
    long_patience='timeout 60' # du of a million small objects on a cold hard disk
fi

emit() { # NAME STATUS TEXT
    printf '#section %s %s\n' "$1" "$2"
    if [ -n "$3" ]; then
        printf '%s\n' "$3" | sed 's/^/|/'
    fi
}

file() { # NAME PATH; device-tree texts end in, and are separated by, NUL
    if [ -r "$root$2" ]; then
        emit "$1" 0 "$(tr '\000' '\n' <"$root$2" 2>/dev/null)"
    else
        emit "$1" 1 ''
    fi
}

ask() { # NAME COMMAND…
    name=$1
    shift
    status=127
    text=
    if [ -n "$root" ]; then
        if [ -r "$root/commands/$name" ]; then
            text=$(cat "$root/commands/$name")
            status=$(cat "$root/commands/$name.status" 2>/dev/null || echo 0)
        fi
    elif command -v "$1" >/dev/null 2>&1; then
        text=$($patience "$@" 2>/dev/null)
        status=$?
    fi
    emit "$name" "$status" "$text"
    return "$status"
}

value() { # PATH: the first line of a small file, or nothing
    line=
    if [ -r "$root$1" ]; then
        read -r line <"$root$1" 2>/dev/null
    fi
    printf '%s' "$line"
}

cgroup_limits() { # memory: LIMIT USAGE, cpu: QUOTA PERIOD; of our group and each one above it
    while IFS=: read -r _ controllers group; do
        case ,$controllers, in
        ,,) for where in /sys/fs/cgroup /sys/fs/cgroup/unified; do
            climb "$where" "$group" memory memory.max memory.current
            climb "$where" "$group" cpu cpu.max ''
        done ;;
        *,memory,*) climb /sys/fs/cgroup/memory "$group" memory memory.limit_in_bytes memory.usage_in_bytes ;;
        *,cpu,*) climb "/sys/fs/cgroup/$controllers" "$group" cpu cpu.cfs_quota_us cpu.cfs_period_us ;;
        esac
    done <"$root/proc/self/cgroup"
}

climb() { # MOUNT GROUP KIND LIMIT-FILE OTHER-FILE; a container may see its own group only as the mount itself
    group_path=${2%/}
    while :; do
        limit=$(value "$1$group_path/$4")
        if [ -n "$limit" ]; then
            if [ -n "$5" ]; then
                limit="$limit $(value "$1$group_path/$5")"
            fi
            printf '%s %s\n' "$3" "$limit"
        fi
        if [ -z "$group_path" ]; then
            break
        fi
        group_path=${group_path%/*}
    done
}

disks() { # NAME SECTORS(512 B) ROTATIONAL REMOVABLE CARD(MMC, SD or -) MODEL
    for block in "$root"/sys/block/*; do
        disk=/sys/block/${block##*/}
        card=$(value "$disk/device/type")
        case $card in MMC | SD) ;; *) card=- ;; esac
        printf '%s %s %s %s %s %s\n' "${block##*/}" "$(value "$disk/size")" \
            "$(value "$disk/queue/rotational")" "$(value "$disk/removable")" "$card" "$(value "$disk/device/model")"
    done
}

pci() { # as `lspci -n` prints it; sysfs needs no pciutils
    for device in "$root"/sys/bus/pci/devices/*; do
        at=/sys/bus/pci/devices/${device##*/}
        class=$(value "$at/class")
        vendor=$(value "$at/vendor")
        id=$(value "$at/device")
        if [ -n "$class" ]; then
            class=${class#0x}
            printf '%s %s: %s:%s\n' "${device##*/}" "${class%??}" "${vendor#0x}" "${id#0x}"
        fi
    done
}

amd_memory() { # bytes of each card that the amdgpu driver runs
    for card in "$root"/sys/class/drm/card*/device/mem_info_vram_total; do
        value "${card#"$root"}"
        echo
    done
}

free_space() { # df of the file systems that can hold data; network file systems are never touched
    set --
    [ -r "$root/proc/mounts" ] || return
    while read -r _ directory type _; do
        case $type:$directory in
        overlay:/ | ext[234]:* | xfs:* | btrfs:* | zfs:* | f2fs:* | bcachefs:* | exfat:* | ntfs3:* | fuseblk:*)
            directory=$(printf '%b' "$directory") # spaces stand there as \040
            if [ -n "$root" ] || [ -d "$directory" ]; then
                set -- "$@" "$directory"
            fi
            ;;
        esac
    done <"$root/proc/mounts"
    if [ $# -gt 0 ]; then
        ask df df -Pk "$@"
    fi
}

held() { # KIND FOLDER…: `KIND STATUS KIB PATH` of each that is there; 124: no time for it, 126: we may not look
    if [ -n "$root" ]; then
        [ $# -eq 0 ] || cat "$root/commands/held" 2>/dev/null
        return 0
    fi
    while [ $# -gt 1 ]; do
        within=${2%/*\**}
        if [ -d "$within" ] && ! [ -r "$within" ]; then
            printf '%s 126 0 %s\n' "$1" "$within"
        else
            IFS= # a pattern opens into its paths, none of which is cut at a space
            weigh "$1" $2
        fi
        shift 2
    done
}

weigh() { # KIND PATH…
    IFS=' '
    kind=$1
    shift
    [ -d "$1" ] || return 0
    sizes=$($long_patience du -skx "$@" 2>/dev/null)
    status=$?
    printf '%s\n' "${sizes:-0	$1}" | sed "s/^\([0-9]*\)[[:blank:]]*/$kind $status \1 /"
}

if [ -r "$root/run/s6/container_environment/SUPERVISOR_TOKEN" ]; then
    # Home Assistant's SSH app: `ha` reads the token from the environment, never from its arguments.
    SUPERVISOR_TOKEN=$(value /run/s6/container_environment/SUPERVISOR_TOKEN)
    export SUPERVISOR_TOKEN
fi

ask uname uname -s -r -m
ask nproc nproc
ask pagesize getconf PAGESIZE ||
    emit smaps 0 "$(sed -n '/^KernelPageSize/{p;q;}' "$root/proc/self/smaps" 2>/dev/null)"
ask virtualization systemd-detect-virt
file meminfo /proc/meminfo
file cpuinfo /proc/cpuinfo
file os-release /etc/os-release
file machine-id /etc/machine-id
file boot-id /proc/sys/kernel/random/boot_id
file model /proc/device-tree/model
file compatible /proc/device-tree/compatible
file serial /proc/device-tree/serial-number
file dmi-vendor /sys/class/dmi/id/sys_vendor
file dmi-product /sys/class/dmi/id/product_name
file mounts /proc/mounts
file cgroups /proc/cgroups
file cgroup-controllers /sys/fs/cgroup/cgroup.controllers
file tegra-release /etc/nv_tegra_release
emit cgroup-limits 0 "$(cgroup_limits 2>/dev/null)"
emit disks 0 "$(disks)"
emit amd-memory 0 "$(amd_memory)"
ask lsblk lsblk -J -o NAME,KNAME,TYPE,MOUNTPOINT
ask lspci lspci -n || emit pci 0 "$(pci)"
ask nvidia-smi nvidia-smi --query-gpu=name,memory.total,driver_version,compute_cap --format=csv,noheader,nounits ||
    ask nvidia-smi-old nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader,nounits
ask jetpack dpkg-query -W -f '${Version}' nvidia-jetpack
ask ha-os ha os info --raw-json
ask ha-host ha host info --raw-json
if [ -e "$root/.dockerenv" ]; then emit container 0 docker; fi
if [ -e "$root/run/.containerenv" ]; then emit container 0 podman; fi
free_space
emit held 0 "$(held "$@")"
printf '#end\n'
