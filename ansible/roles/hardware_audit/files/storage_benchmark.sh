#!/bin/sh
# storage_benchmark.sh FOLDER MIB SECONDS: five passes of fio over one file of MIB in FOLDER, which is removed again.
#
# Prints sections as collect.sh does: `folder` (status 1: we may not write there), `fio-version`, and `fio`
# (direct) or `fio-buffered` (where the file system refuses O_DIRECT).

set -u
LC_ALL=C
export LC_ALL

emit() { # NAME STATUS TEXT
    printf '#section %s %s\n' "$1" "$2"
    if [ -n "$3" ]; then
        printf '%s\n' "$3" | sed 's/^/|/'
    fi
}

passes() { # DIRECT MIB SECONDS; each pass waits for the one before it
    fio --output-format=json --directory="$folder" --filename=data --size="$2M" --runtime="$3" \
        --direct="$1" --ioengine=libaio --randrepeat=0 --group_reporting --stonewall \
        --name=sequential-write --rw=write --bs=1M --iodepth=8 --end_fsync=1 \
        --name=sequential-read --rw=read --bs=1M --iodepth=8 \
        --name=random-read --rw=randread --bs=4k --iodepth=32 --time_based \
        --name=random-write --rw=randwrite --bs=4k --iodepth=32 --time_based \
        --name=fsync --rw=write --bs=4k --iodepth=1 --direct=0 --ioengine=psync --fdatasync=1 --time_based \
        2>/dev/null
}

if ! command -v fio >/dev/null 2>&1; then
    emit fio 127 ''
elif ! folder=$(mkdir -p "$1" && mktemp -d "$1/.homelab-benchmark.XXXXXX") 2>/dev/null; then
    emit folder 1 ''
else
    trap 'rm -rf "$folder"' EXIT
    trap 'exit 1' HUP INT TERM
    emit folder 0 ''
    emit fio-version 0 "$(fio --version)"
    if text=$(passes 1 "$2" "$3"); then
        emit fio 0 "$text"
    else
        text=$(passes 0 "$2" "$3")
        emit fio-buffered $? "$text"
    fi
fi
printf '#end\n'
