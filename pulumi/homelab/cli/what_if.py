"""`homelab what-if`: the plan of a machine that one does not own."""

from typing import Annotated

import typer

from homelab.cli.output import Json, console, print_json


def what_if(
    ram: Annotated[str | None, typer.Option(metavar="SIZE", help="nominal memory, as 64GiB")] = None,
    cores: Annotated[int | None, typer.Option(min=1, metavar="N")] = None,
    disk: Annotated[str | None, typer.Option(metavar="SIZE", help="as 2TB")] = None,
    disk_class: Annotated[str | None, typer.Option(metavar="CLASS", help="nvme, ssd, hdd, emmc or sd")] = None,
    gpu_vram: Annotated[str | None, typer.Option(metavar="SIZE", help="as 24GiB")] = None,
    unified: Annotated[bool, typer.Option("--unified", help="the GPU computes in main memory")] = False,
    arch: Annotated[str | None, typer.Option(metavar="ARCH", help="x86_64 or arm64")] = None,
    host: Annotated[str | None, typer.Option(metavar="NAME", help="a recorded host")] = None,
    profile: Annotated[str, typer.Option(metavar="NAME")] = "auto",
    place: Annotated[list[str] | None, typer.Option(metavar="CONSUMER", help="again for each")] = None,
    as_json: Json = False,
) -> None:
    """Plan a machine from a few words, or a recorded one, with everything placed unless told otherwise.

    Examples:
      homelab what-if --ram 64GiB --cores 16 --disk 2TB
      homelab what-if --host desktop-32g --place postgres --place nats
    """
    from homelab.cli.ledger import ledger
    from homelab.cli.plan import document
    from homelab.imagined import facts_of
    from homelab.what_if import described, planned

    machine = described(ram, cores, disk, disk_class, gpu_vram, unified, arch)
    plan = planned(facts_of(machine, host), host or "imagined", place, profile)
    if as_json:
        print_json(document([plan]))
    else:
        console().print(ledger(plan.budget, plan.profile.name))
