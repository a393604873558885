"""Spec → processes on this machine: order, readiness, restart, logs, stop. Linux only."""
