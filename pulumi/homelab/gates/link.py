"""The way to each peer: good enough to keep a replica in step, and which MTU fits into it."""

from collections.abc import Iterator

from homelab.facts import Facts
from homelab.facts.model import Peer
from homelab.gates.gate import Evidence, Gate

SLOWEST_MBIT_S = 80
"""Mbit/s: 10 MB/s, by which etcd's guide brings a lost member of 100 MB back within 15 s."""
BANDWIDTH_SAYS = "etcd.io/docs/v3.5/op-guide/hardware, Disks and Network"

LONGEST_MS = 100.0
"""Milliseconds there and back: the heartbeat interval of etcd, which must not be below the round trip."""
LATENCY_SAYS = "etcd.io/docs/v3.5/tuning, Time parameters"

RELAY_SAYS = "tailscale.com/docs/reference/derp-servers: a relay is the last resort"

TAILNET_MTU = 1280
"""Bytes; what Tailscale gives its interface, the least that IPv6 allows, so that it fits into every path."""
MTU_SAYS = "github.com/tailscale/tailscale/issues/16017"


def replica(facts: Facts) -> Iterator[Gate]:
    """One answer for each peer, by the first of the rules that its link breaks."""
    for peer in facts.network.peers:
        yield from judged(facts.host, peer)


def mtu(facts: Facts) -> Iterator[Gate]:
    """Only links of a tailnet have a `path`."""
    for peer in facts.network.peers:
        if peer.path is not None and peer.mtu is not None and peer.mtu > TAILNET_MTU:
            evidence = Evidence(f"{_at(peer)}.mtu", f"{peer.mtu} bytes on a tailnet")
            rule = f"larger packets than {TAILNET_MTU} bytes are lost on some paths of a tailnet"
            mend = f"ip link set dev tailscale0 mtu {TAILNET_MTU}; an overlay on it takes its own header off that"
            yield Gate("link.mtu", "warn", facts.host, evidence, rule, MTU_SAYS, mend)


def judged(host: str, peer: Peer) -> Iterator[Gate]:
    """By the first of the rules that the link breaks."""
    mend = f"keep no replica on {peer.peer}; a cable or a direct path (UDP 41641 open) mends it"
    if peer.loss_percent >= 100:
        evidence = Evidence(f"{_at(peer)}.loss_percent", f"{peer.loss_percent:g} %")
        rule, source = "a replica needs a peer that answers", LATENCY_SAYS
    elif peer.path == "relayed":
        evidence = Evidence(f"{_at(peer)}.path", "relayed")
        rule, source = "a relayed link is shared and slow: none for a replica", RELAY_SAYS
    elif peer.latency_avg_ms is not None and peer.latency_avg_ms > LONGEST_MS:
        evidence = Evidence(f"{_at(peer)}.latency_avg_ms", f"{peer.latency_avg_ms:g} ms")
        rule, source = f"a replica's round trip is at most {LONGEST_MS:g} ms", LATENCY_SAYS
    elif peer.bandwidth_mbit_s is None:
        evidence = Evidence(f"{_at(peer)}.bandwidth_mbit_s", "unmeasured")
        rule, source = (
            f"a replica needs {SLOWEST_MBIT_S} Mbit/s; unmeasured, none is planned there",
            BANDWIDTH_SAYS,
        )
        measure = f"./lab ansible-hardware-audit --limit {host} --network-benchmark"
        yield Gate("link.replica", "info", host, evidence, rule, source, measure)
        return
    elif peer.bandwidth_mbit_s < SLOWEST_MBIT_S:
        evidence = Evidence(f"{_at(peer)}.bandwidth_mbit_s", f"{peer.bandwidth_mbit_s:g} Mbit/s")
        rule, source = f"a replica needs {SLOWEST_MBIT_S} Mbit/s", BANDWIDTH_SAYS
    else:
        return
    yield Gate("link.replica", "warn", host, evidence, rule, source, mend)


def _at(peer: Peer) -> str:
    return f"network_profile.peers[{peer.peer}]"
