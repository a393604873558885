"""How hardware is spent: `profiles/*.yaml`, read once; each number keeps its file and key for `explain`."""

from homelab.profile.layers import PROFILES, Profile, bases, load, names, offered
from homelab.profile.rules import Consumer, Rules

__all__ = ["PROFILES", "Consumer", "Profile", "Rules", "bases", "load", "names", "offered"]
