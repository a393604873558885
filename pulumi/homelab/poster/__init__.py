"""The ledger as a page to look at, and to hang up: one HTML file that needs nothing else. Pure."""

from homelab.poster.page import page

__all__ = ["page"]
