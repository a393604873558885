"""Facts × placement × profile → Budget: one account of a whole host that provably fits. Pure."""

from homelab.budget.model import Budget, Disk, Kind, Line, Pool, Serving, Vram
from homelab.budget.models import Served, served
from homelab.budget.plan import plan

__all__ = ["Budget", "Disk", "Kind", "Line", "Pool", "Served", "Serving", "Vram", "plan", "served"]
