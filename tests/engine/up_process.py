"""`python up_process.py FOLDER`: an `up` of the program of tests in a process of its own, to be killed."""

import os
import sys
from pathlib import Path

from homelab import lab
from homelab.engine import Engine

PROGRAM = Path(__file__).parent / "program"
PASSPHRASE = "a passphrase of tests only"
NAME = "test"


def engine(folder: Path, say: list[str], environ: dict[str, str]) -> Engine:
    return Engine(lab.load(folder / "lab.yaml"), PASSPHRASE, say.append, environ=environ, source=PROGRAM)


if __name__ == "__main__":
    engine(Path(sys.argv[1]), [], dict(os.environ)).up(NAME, agreed=True)
