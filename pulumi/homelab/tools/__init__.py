"""Programs from outside: uv and just for the launcher, and servers that no Python package carries.

The launcher imports from here with whatever Python a machine has, before anything is installed: the modules
`launcher`, `index`, `wheels`, `environment` and `progress` use the standard library alone.
"""

from homelab.tools.pinned import GROUPS, TOOLS, find
from homelab.tools.tool import Tool

__all__ = ["GROUPS", "TOOLS", "Tool", "find"]
