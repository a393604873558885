"""What a person asks of the samples, written by hand: question → file, page, and words of the right sentence."""

from typing import NamedTuple


class Asked(NamedTuple):
    """`page` is None for formats without pages; `said` must stand in the quotation."""

    question: str
    file: str
    page: int | None
    said: str


QUESTIONS = (
    Asked("How long does the UPS carry the NAS alone?", "power.md", None, "74 minutes"),
    Asked("When were the batteries last replaced?", "power.md", None, "2 May 2026"),
    Asked("At what charge does the NAS power off?", "power.md", None, "30 % charge"),
    Asked("Which circuit breaker belongs to the cupboard?", "power.md", None, "number 14"),
    Asked("When is the monthly test of the UPS?", "power.md", None, "first Saturday"),
    Asked("How long did rebuilding the array take in March?", "incident-2026-03-14.txt", None, "3 hours and 42"),
    Asked("Why did nobody notice earlier that the disk was failing?", "incident-2026-03-14.txt", None, "told"),
    Asked("Who found out that photographs could not be uploaded?", "incident-2026-03-14.txt", None, "Vera"),
    Asked("What is the IP address of the NAS?", "network.html", None, "192.168.20.20"),
    Asked("Which VLAN do guests get?", "network.html", None, "guests | 40"),
    Asked("What happens when the fibre fails?", "network.html", None, "LTE stick"),
    Asked("How much data does the mobile connection have per month?", "network.html", None, "20 GB"),
    Asked("Can devices be reached from outside the house?", "network.html", None, "Nothing reaches"),
    Asked("What temperature does the bathroom have at night?", "heating.md", None, "19.0 °C"),
    Asked("What does error E-17 of the heat pump mean?", "heating.md", None, "air intake is blocked"),
    Asked("How often are the air filters changed?", "heating.md", None, "six months"),
    Asked("How hot is the water made against legionella?", "heating.md", None, "61 °C"),
    Asked(
        "Which snapshots are never deleted because a backup may read them?", "rotate_snapshots.py", None, "younger"
    ),
    Asked("How fast does btrfs free space?", "rotate_snapshots.py", None, "2 GB a minute"),
    Asked("How many copies of the data exist?", "backup-handbook.pdf", 1, "Three copies"),
    Asked("When does the backup to Freiburg run?", "backup-handbook.pdf", 2, "05:00"),
    Asked("How long are hourly snapshots kept?", "backup-handbook.pdf", 2, "kept for a day"),
    Asked("Where is the passphrase of the backups?", "backup-handbook.pdf", 2, "bank"),
    Asked("How do I get back a file that I deleted by mistake?", "backup-handbook.pdf", 3, ".snapshots"),
    Asked("Why were three files missing after the drill?", "backup-handbook.pdf", 4, "line break"),
    Asked("What does the server in Freiburg cost?", "backup-handbook.pdf", 4, "11.40"),
    Asked("How much memory does the Jetson have?", "hardware-inventory.docx", None, "64 GB"),
    Asked("What does the lab's electricity cost a month?", "hardware-inventory.docx", None, "24 euros"),
    Asked("Which spare parts are on the shelf?", "hardware-inventory.docx", None, ""),
    Asked("What is the customer number of the internet provider?", "house-guide.pptx", 3, "48 213 77"),
    Asked("What does one beep every ten seconds mean?", "house-guide.pptx", 4, "mains has failed"),
    Asked("Whom do I call when the heating is cold?", "house-guide.pptx", 5, "Lindner"),
)
