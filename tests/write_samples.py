"""Writes the samples that are not text: `.venv/bin/python tests/write_samples.py`. Their words are here."""

from pathlib import Path

from writers import Bullets, Heading, Item, NewPage, Table, Text, docx, pdf, pptx

SAMPLES = Path(__file__).parent.parent / "samples"

HANDBOOK: list[Item] = [
    Text(
        "This handbook says what is backed up, where to, for how long, and how to get it back. It is "
        "printed once a year and lies in the cupboard, since it is needed most when no screen works. "
        "Edition of April 2026."
    ),
    Heading("1. What is backed up"),
    Text(
        "Everything that cannot be bought again: documents, photographs, mail, the configuration of every "
        "machine, and the databases of Home Assistant. Films and music are not, because the discs stand in "
        "the shelf. Language models are not either; they are downloaded again."
    ),
    Table(
        (
            ("Volume", "Size", "Grows by", "Owner"),
            ("documents", "86 GB", "1 GB a month", "everybody"),
            ("photos", "1.9 TB", "18 GB a month", "Vera"),
            ("homes", "410 GB", "5 GB a month", "each their own"),
            ("config", "2 GB", "nearly nothing", "Anton"),
            ("databases", "31 GB", "700 MB a month", "Anton"),
        )
    ),
    Text(
        "Three copies exist of all of it, on two kinds of medium, one of them in another town. The first "
        "copy is the NAS itself, the second a USB disk in the study, the third a rented server in Freiburg."
    ),
    NewPage(),
    Heading("2. When"),
    Text(
        "Snapshots on the NAS are taken every hour, on the hour. The backup to the USB disk runs every "
        "night at 03:00 and takes between 9 and 25 minutes. The backup to Freiburg runs at 05:00 on "
        "Tuesdays, Thursdays and Saturdays; the line carries about 9 MB/s upwards, so a usual run is over "
        "within half an hour."
    ),
    Heading("Retention", 2),
    Text(
        "Hourly snapshots are kept for a day, daily ones for two weeks, weekly ones for eight weeks and "
        "monthly ones for a year. The USB disk keeps 30 daily and 12 monthly backups. Freiburg keeps 8 "
        "weekly and 24 monthly ones. Nothing there can be deleted with the keys that the NAS holds: the "
        "server only lets it append."
    ),
    Heading("3. Keys"),
    Text(
        "Backups are encrypted before they leave the house. The passphrase has seven words. It is known to "
        "Vera and to Anton, it is in the password safe, and it is written on a card in a sealed envelope at "
        "the bank, deposit box 212. Whoever opens the envelope changes the passphrase within a week."
    ),
    NewPage(),
    Heading("4. Getting something back"),
    Heading("A file that was deleted by mistake", 2),
    Text(
        "Open the folder on the file server, go to the hidden folder .snapshots, choose the hour, copy the "
        "file out. Nobody needs a password for that, and nothing can be broken by it: snapshots are read-"
        "only."
    ),
    Heading("A whole volume", 2),
    Text(
        "Stop the file server. Run restic restore latest for the volume into an empty folder beside it, "
        "never over what is left of the old one. From the USB disk this takes 4 hours for the photographs, "
        "from Freiburg two and a half days. Compare the number of files with the report of the last backup "
        "before the folders are exchanged."
    ),
    Heading("The whole house burnt down", 2),
    Text(
        "Buy any computer with 4 TB of disk. Fetch the envelope from the bank. Rent nothing and hurry "
        "nothing: Freiburg keeps everything for two years even when nobody pays, which was agreed with "
        "Jonas in writing."
    ),
    NewPage(),
    Heading("5. The drill"),
    Text(
        "A backup that was never restored is a wish. Twice a year, on the second Sunday of February and of "
        "August, a volume that is drawn by lot is restored completely to a spare disk and compared with the "
        "original."
    ),
    Table(
        (
            ("Date", "Volume", "From", "Time needed", "Result"),
            ("9 Feb 2025", "documents", "USB disk", "22 min", "complete"),
            ("10 Aug 2025", "photos", "Freiburg", "61 h", "3 files missing"),
            ("8 Feb 2026", "homes", "USB disk", "1 h 10 min", "complete"),
        )
    ),
    Text(
        "The three files that were missing in August 2025 had names with a line break in them. The backup "
        "skipped them and said so in its log, which nobody read. Since then a backup with any warning "
        "counts as failed."
    ),
    Heading("6. What it costs"),
    Text(
        "The server in Freiburg costs 11.40 euros a month. A USB disk costs about 140 euros and is replaced "
        "every four years. Electricity for the nightly runs is below 2 euros a year."
    ),
]

INVENTORY: list[Item] = [
    Text(
        "What stands in the cupboard under the stairs and in the study, what is in it and until when it is "
        "under warranty. Counted on 18 April 2026 by Anton."
    ),
    Heading("Computers"),
    Table(
        (
            ("Name", "What it is", "Memory", "Disk", "Bought", "Warranty until"),
            ("desktop", "8-core mini tower", "32 GB", "2 TB NVMe", "November 2024", "November 2027"),
            ("jetson", "Jetson AGX Orin", "64 GB", "1 TB NVMe", "March 2025", "March 2026 (over)"),
            ("ha-yellow", "Home Assistant Yellow, CM4", "4 GB", "32 GB eMMC", "June 2023", "over"),
            ("pi-control", "Raspberry Pi 5 with Hailo-8", "8 GB", "500 GB NVMe", "January 2025", "January 2027"),
            ("pi-agent", "Raspberry Pi 5 with microphones", "8 GB", "128 GB card", "January 2025", "January 2027"),
            ("nas", "Raspberry Pi 4 with four disks", "4 GB", "4 x 4 TB", "May 2022", "over"),
        )
    ),
    Heading("Disks of the NAS"),
    Text(
        "The four disks form one array in which any one may fail. Bay 3 was changed on 14 March 2026; its "
        "serial number ends in K7QX. The other three are from May 2022 and are due for replacement at "
        "35,000 hours, which the oldest reaches in September 2026."
    ),
    Bullets(
        (
            "Bay 1: 4 TB, 33,900 hours, 0 reallocated sectors",
            "Bay 2: 4 TB, 33,870 hours, 2 reallocated sectors",
            "Bay 3: 4 TB, 840 hours, 0 reallocated sectors",
            "Bay 4: 4 TB, 33,910 hours, 0 reallocated sectors",
        )
    ),
    Heading("Power"),
    Text(
        "All of it together draws 118 W at its usual load, measured at the plug, and 41 W at night when the "
        "desktop sleeps. At 0.31 euros per kWh the lab costs about 24 euros a month."
    ),
    Heading("Spare parts"),
    Text("On the shelf on the left, in the blue box:"),
    Bullets(
        (
            "one 4 TB disk for the NAS",
            "a power supply for a Raspberry Pi 5 (27 W)",
            "two patch cables of 2 m and one of 10 m",
            "an SD card with Home Assistant's rescue system, renewed in January",
        )
    ),
]

SHOW: list[Item] = [
    Text("For everybody who lives here, and for whoever minds the house in summer"),
    Heading("What runs in the cupboard"),
    Bullets(
        (
            "The file server keeps our documents and photographs",
            "Home Assistant moves the heating, the blinds and the lights",
            "A language model answers questions about our own papers, and sends nothing out of the house",
        )
    ),
    Heading("The internet is down"),
    Bullets(
        (
            "Wait two minutes: the router changes over to mobile internet by itself",
            "If the router's lamp is red, pull its plug for ten seconds",
            "Still down after ten minutes? Call the provider, 0800 555 0134, customer number 48 213 77",
        )
    ),
    Text(
        "The customer number is also on the sticker on the fibre box. The hotline speaks English after 8 o'clock."
    ),
    Heading("The cupboard beeps"),
    Bullets(
        (
            "One beep every ten seconds: mains has failed, the battery works. Do nothing",
            "Beeping without a pause: the battery is nearly empty, machines are stopping. Do nothing",
            "One long tone: overload. Pull the plug of whatever you have just plugged in",
        )
    ),
    Heading("It is cold"),
    Bullets(
        (
            "Turn the valve in the room by hand, it always works",
            "The pressure gauge must stand between 1.2 and 1.8 bar",
            "Call Lindner Heating, 555 0177, on weekdays until 17:00",
        )
    ),
    Heading("Who knows more"),
    Table((("For", "Ask", "Telephone"), ("Network, NAS", "Anton", "555 0121"), ("Heating", "Vera", "555 0122"))),
]


def write(folder: Path) -> None:
    (folder / "backup-handbook.pdf").write_bytes(pdf("Backup handbook", HANDBOOK))
    (folder / "hardware-inventory.docx").write_bytes(docx("Hardware inventory", INVENTORY))
    (folder / "house-guide.pptx").write_bytes(pptx("The house and its computers", SHOW))


if __name__ == "__main__":
    write(SAMPLES)
