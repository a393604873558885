"""What a person may do when a host cannot hold its part. Every way was planned before it is proposed. Pure.

The cheapest comes first, which is the one that loses least: a move to another host of the lab, room on the disk;
then a smaller model, another profile, or a part of the platform that can be left out; a larger machine last.
"""

from itertools import islice

from homelab.errors import BudgetExceeded, WayOut
from homelab.situation import Situation
from homelab.ways_out.moves import moves
from homelab.ways_out.parts import left_out
from homelab.ways_out.spending import free_space, larger_disk, larger_machine, profiles, smaller_models
from homelab.ways_out.trial import Trial

OF_EACH_KIND = 3
"""Proposals: a person chooses among a few; the rest cost more."""


def ways_out(now: Situation, name: str, refusal: BudgetExceeded) -> tuple[WayOut, ...]:
    """The ways out of the refusal of the host `name`, the cheapest first.

    After each of them this host plans, and so does every other host that planned before.
    """
    trial = Trial(now, name, dict(refusal.lines))
    kinds = [moves(trial), smaller_models(trial), profiles(trial), left_out(trial)]
    if refusal.resource == "disk":
        kinds.insert(1, free_space(trial))
        kinds.append(larger_disk(trial))
    if refusal.resource == "memory":
        kinds.append(larger_machine(trial))
    return tuple(way for ways in kinds for way in islice(ways, OF_EACH_KIND))
