"""Pulumi's own command line, run for one lab: where its state lies, what it is given, how a crash is mended."""

from homelab.engine.run import Engine, Summary

__all__ = ["Engine", "Summary"]
