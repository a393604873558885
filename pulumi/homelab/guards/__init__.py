"""What must hold before a cluster is changed. Every check returns its problems; a refusal names all of them."""

from homelab.guards.fingerprint import fingerprint
from homelab.guards.record import Record, Records

__all__ = ["Record", "Records", "fingerprint"]
