"""Thin out the NAS's snapshots: keep many recent ones and few old ones.

Runs every night at 04:30 from a systemd timer on the NAS. Deletes nothing without --apply.
"""

import argparse
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

# How many snapshots of each kind survive. Asked for by the backup handbook, section "Retention".
KEEP_HOURLY = 24
KEEP_DAILY = 14
KEEP_WEEKLY = 8
KEEP_MONTHLY = 12

# A snapshot younger than this is never deleted: a backup may still be reading it.
GRACE = timedelta(hours=2)

VOLUMES = ("documents", "photos", "homes")


class SnapshotError(Exception):
    """btrfs refused to list or delete a snapshot."""


def list_snapshots(volume: str) -> list[datetime]:
    """The times of a volume's snapshots, newest first. Their names are UTC, such as 2026-05-09T0400."""
    command = ["btrfs", "subvolume", "list", "-o", f"/srv/{volume}/.snapshots"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SnapshotError(f"{volume}: {done.stderr.strip()}")
    names = [line.rsplit("/", 1)[-1] for line in done.stdout.splitlines()]
    return sorted((datetime.strptime(name, "%Y-%m-%dT%H%M") for name in names), reverse=True)


def choose_survivors(times: Iterable[datetime]) -> set[datetime]:
    """The newest snapshot of each hour, day, week and month, as many of each kind as the constants say."""
    survivors: set[datetime] = set()
    for keep, pattern in (
        (KEEP_HOURLY, "%Y-%m-%d %H"),
        (KEEP_DAILY, "%Y-%m-%d"),
        (KEEP_WEEKLY, "%G-%V"),
        (KEEP_MONTHLY, "%Y-%m"),
    ):
        newest: dict[str, datetime] = {}
        for time in sorted(times, reverse=True):
            newest.setdefault(time.strftime(pattern), time)
        survivors.update(list(newest.values())[:keep])
    return survivors


def delete_snapshot(volume: str, time: datetime) -> None:
    """Delete one snapshot. Btrfs frees its space in the background, about 2 GB a minute on our disks."""
    path = f"/srv/{volume}/.snapshots/{time:%Y-%m-%dT%H%M}"
    subprocess.run(["btrfs", "subvolume", "delete", path], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apply", action="store_true", help="delete; without it the plan is printed")
    arguments = parser.parse_args()
    now = datetime.now(UTC).replace(tzinfo=None)
    for volume in VOLUMES:
        times = list_snapshots(volume)
        survivors = choose_survivors(times)
        for time in times:
            if time in survivors or now - time < GRACE:
                continue
            print(f"{volume}: {'deleting' if arguments.apply else 'would delete'} {time}")
            if arguments.apply:
                delete_snapshot(volume, time)


if __name__ == "__main__":
    main()
