"""lab.yaml: the one file a person edits. `lab.example.yaml` is its manual, and is what an absent one means."""

from homelab.lab.cluster import Cluster
from homelab.lab.host import Host, Serve
from homelab.lab.lab import EXAMPLE, Lab, load
from homelab.lab.local import Local, Ports
from homelab.lab.models import BUILTIN_DIMENSIONS, BUILTIN_MODEL, Chat, Embedding, Models
from homelab.lab.values import ROOT

__all__ = [
    "BUILTIN_DIMENSIONS",
    "BUILTIN_MODEL",
    "EXAMPLE",
    "ROOT",
    "Chat",
    "Cluster",
    "Embedding",
    "Host",
    "Lab",
    "Local",
    "Models",
    "Ports",
    "Serve",
    "load",
]
