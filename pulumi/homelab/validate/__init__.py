"""What each phase promises, asked of the running platform; a success is recorded for the next one."""

from homelab.validate.outcome import Outcome, Report
from homelab.validate.stack import STACKS, validated

__all__ = ["STACKS", "Outcome", "Report", "validated"]
