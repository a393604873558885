"""Secrets: made once, encrypted for git by SOPS for two age keys, opened in memory alone."""

from homelab.sops.check import problems
from homelab.sops.initialise import Initialised, initialise
from homelab.sops.mapping import Secret, Secrets
from homelab.sops.place import Place, place
from homelab.sops.reading import read_all
from homelab.sops.table import TABLE, Row, maker, wanted

__all__ = [
    "TABLE",
    "Initialised",
    "Place",
    "Row",
    "Secret",
    "Secrets",
    "initialise",
    "maker",
    "place",
    "problems",
    "read_all",
    "wanted",
]
