"""The network's benchmark: what ping, iperf3 and tailscale said about the way to each other host."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from homelab.audit.sections import Raw, Section, read
from homelab.facts import Facts, Network, Peer


def with_peers(facts: Facts, results: Sequence[tuple[str, str, str]], now: datetime) -> Facts:
    """`facts` with the ways of (peer, address, output); a way that could not be measured becomes a warning."""
    peers = []
    warnings = list(facts.warnings)
    for name, address, output in results:
        raw = read(facts.host, output)
        peers.append(_peer(raw, name, address, now))
        warnings += raw.warnings
    network = Network(peers=tuple(sorted(peers, key=lambda peer: peer.peer)))
    return facts.model_copy(update={"network": network, "warnings": tuple(warnings)})


def _peer(raw: Raw, name: str, address: str, now: datetime) -> Peer:
    text = raw["ping"].text
    lost = re.search(r"([\d.]+)% packet loss", text)
    times = re.search(r"min/avg/max(?:/mdev)? = ([\d.]+)/([\d.]+)/([\d.]+)", text)
    loss = float(lost[1]) if lost else 100.0
    if lost is None:
        reason = "ping is not installed" if raw["ping"].missing else f"ping ends with status {raw['ping'].status}"
        raw.warn("network_benchmark", f"{name} at {address}: {reason}", "loss of 100 %")
    return Peer(
        peer=name,
        address=address,
        measured_at=now.replace(microsecond=0),
        loss_percent=loss,
        latency_min_ms=float(times[1]) if times else None,
        latency_avg_ms=float(times[2]) if times else None,
        latency_max_ms=float(times[3]) if times else None,
        bandwidth_mbit_s=_bandwidth(raw["iperf3"]),
        mtu=int(raw["mtu"].line()) if raw["mtu"].line().isdecimal() else None,
        path=_path(raw["tailscale"]),
    )


def _bandwidth(section: Section) -> float | None:
    """What arrived, in Mbit/s; None without iperf3 at both ends."""
    if not section.ok:
        return None
    bits = json.loads(section.text)["end"]["sum_received"]["bits_per_second"]
    return round(float(bits) / 1e6, 1)


def _path(section: Section) -> Literal["direct", "relayed"] | None:
    """The last word of `tailscale ping`, which goes on until the way is direct: via DERP(fra), 192.0.2.7:41641."""
    ways = re.findall(r" via (\S+) in ", section.text)
    if not ways:
        return None
    return "relayed" if ways[-1].startswith(("DERP", "peer-relay")) else "direct"
