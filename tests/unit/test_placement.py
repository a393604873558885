"""Roles of machines that lab.yaml only names, from recorded facts."""

from homelab import imagined, lab
from homelab.facts import Facts
from homelab.lab import Host
from homelab.placement import settled
from homelab.planner import Situation, plan
from unit.recorded import LAB


def facts(recorded: str) -> Facts:
    return imagined.facts_of(imagined.Machine(), recorded)


def placed(hosts: dict[str, Host], recorded: dict[str, str]) -> dict[str, tuple[str, ...]]:
    situation = Situation(
        LAB.model_copy(update={"hosts": hosts}), {name: facts(host) for name, host in recorded.items()}
    )
    after = settled(situation)
    plan(after)  # whatever was placed fits
    return {name: host.placed for name, host in after.lab.hosts.items()}


def ssh(**keys: object) -> Host:
    return Host.model_validate({"address": "any.lan", **keys})


def test_each_machine_of_a_home_lab_does_what_it_is_for() -> None:
    hosts = {
        "desktop": ssh(address="local"),
        "ha-yellow": ssh(system="haos"),
        "jetson": ssh(),
        "pi-control": ssh(),
        "pi-small": ssh(),
        "nas": ssh(),
    }
    machines = {
        "desktop": "desktop-32g",
        "ha-yellow": "yellow-cm4-4g",
        "jetson": "jetson-orin-64g",
        "pi-control": "pi5-8g",
        "pi-small": "pi5-4g",
        "nas": "pi4-4g",
    }
    assert placed(hosts, machines) == {
        "desktop": lab.load(lab.EXAMPLE).hosts["desktop"].placed,
        "ha-yellow": ("timescaledb",),
        "jetson": ("llama-server",),
        "pi-control": ("ollama",),
        "pi-small": (),
        "nas": (),
    }


def test_what_lab_yaml_says_is_left_as_it_is() -> None:
    hosts = {"desktop": ssh(address="local"), "jetson": ssh(place=()), "pi": ssh(place=("extract",))}
    machines = {"desktop": "desktop-32g", "jetson": "jetson-orin-64g", "pi": "pi5-8g"}
    found = placed(hosts, machines)
    assert (found["jetson"], found["pi"]) == ((), ("extract",))


def test_without_a_local_host_the_one_with_the_most_memory_of_its_own_holds_the_platform() -> None:
    hosts = {"jetson": ssh(), "mini": ssh(), "tower": ssh()}
    found = placed(hosts, {"jetson": "jetson-orin-64g", "mini": "pi5-16g", "tower": "desktop-32g"})
    assert "postgres" in found["tower"]
    assert (found["jetson"], found["mini"]) == (("llama-server",), ("ollama",))


def test_a_database_that_lab_yaml_places_makes_no_other_control_plane() -> None:
    found = placed(
        {"tower": ssh(), "small": ssh(place=("postgres",))}, {"tower": "desktop-64g", "small": "pi5-8g"}
    )
    assert found == {"tower": ("ollama",), "small": ("postgres",)}


def test_a_host_that_nobody_measured_is_given_nothing() -> None:
    hosts = {"desktop": ssh(address="local"), "jetson": ssh()}
    assert placed(hosts, {"desktop": "desktop-32g"})["jetson"] == ()


def test_placing_twice_changes_nothing() -> None:
    situation = Situation(
        LAB.model_copy(update={"hosts": {"jetson": ssh()}}), {"jetson": facts("jetson-orin-64g")}
    )
    once = settled(situation)
    assert settled(once) == once


def test_a_lab_of_small_hosts_alone_has_no_control_plane() -> None:
    assert placed({"small": ssh(), "nas": ssh()}, {"small": "pi5-4g", "nas": "pi4-4g"}) == {"small": (), "nas": ()}
