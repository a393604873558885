"""What a language model needs of a machine, and which of its files and how much context fit. Pure."""

from homelab.llm.catalogue import load, names
from homelab.llm.fit import Fit, Load, Setup, Step, Wish, fit, largest, smallest
from homelab.llm.model import Latent, Layer, Model, Quantization, Window
from homelab.llm.need import Cache, Need, need

__all__ = [
    "Cache",
    "Fit",
    "Latent",
    "Layer",
    "Load",
    "Model",
    "Need",
    "Quantization",
    "Setup",
    "Step",
    "Window",
    "Wish",
    "fit",
    "largest",
    "load",
    "names",
    "need",
    "smallest",
]
