"""`homelab what-if`: the plan of a machine that one does not own, or of the lab as it could be."""

from typing import Annotated

import typer

from homelab.cli.output import Json, console, print_json
from homelab.errors import BudgetExceeded, InvalidInput, Problem
from homelab.imagined import Machine, facts_of, recorded
from homelab.lab import load
from homelab.planner import HostPlan, Situation, measured, plan
from homelab.situation import plan_each


def what_if(
    add: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="the lab and this machine: a recorded one, or NAME with --ram"),
    ] = None,
    remove: Annotated[
        list[str] | None, typer.Option(metavar="HOST", help="the lab without this host; again for each")
    ] = None,
    upgrade: Annotated[
        str | None, typer.Option(metavar="HOST", help="this host of the lab, changed as the options below say")
    ] = None,
    move: Annotated[
        list[str] | None, typer.Option(metavar="CONSUMER=HOST", help="run it on that host; again for each")
    ] = None,
    ram: Annotated[str | None, typer.Option(metavar="SIZE", help="nominal memory, as 64GiB")] = None,
    cores: Annotated[int | None, typer.Option(min=1, metavar="N", help="of the processor")] = None,
    disk: Annotated[str | None, typer.Option(metavar="SIZE", help="as 2TB")] = None,
    disk_class: Annotated[str | None, typer.Option(metavar="CLASS", help="nvme, ssd, hdd, emmc or sd")] = None,
    gpu_vram: Annotated[str | None, typer.Option(metavar="SIZE", help="as 24GiB")] = None,
    unified: Annotated[bool, typer.Option("--unified", help="the GPU computes in main memory")] = False,
    arch: Annotated[str | None, typer.Option(metavar="ARCH", help="x86_64 or arm64")] = None,
    host: Annotated[str | None, typer.Option(metavar="NAME", help="a recorded machine")] = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="how the hardware is spent")] = None,
    place: Annotated[
        list[str] | None, typer.Option(metavar="CONSUMER", help="what runs on the machine; again for each")
    ] = None,
    serve: Annotated[
        list[str] | None,
        typer.Option(metavar="CONSUMER=MODEL", help="serve this model; again for each of ollama's"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Plan what is not there: a machine from a few words, or the lab with a change, before and after.

    A machine that is described or recorded is planned by itself, with everything placed unless told otherwise.
    With --add, --remove, --upgrade or --move, or --serve alone, it is the lab that is planned, and each host's
    changes are shown.
    A machine that is added takes over what --place names; unless told otherwise it does what its kind of machine
    is for. What fits but cannot run there ends with exit code 3.

    Examples:
      homelab what-if --ram 64GiB --cores 16 --disk 2TB
      homelab what-if --host desktop-32g --place postgres --place nats
      homelab what-if --add jetson-orin-32g
      homelab what-if --upgrade desktop --ram 64GiB
      homelab what-if --host jetson-orin-64g --serve llama-server=qwen3-4b
      homelab what-if --remove pi-agent --move graph=desktop
    """
    from homelab import changes
    from homelab.what_if import alone, described, known_profile, models_of, serving

    machine = described(ram, cores, disk, disk_class, gpu_vram, unified, arch)
    lab = load()
    models = models_of(serve or (), lab)
    only_serves = bool(models) and machine == Machine() and host is None
    if not (add or remove or upgrade or move or only_serves):
        lab = lab.model_copy(update={"profile": known_profile(profile or "auto")})
        _show_machine(alone(lab, facts_of(machine, host), host or "imagined", place, models), as_json)
        return
    _one_machine(add, upgrade, machine, host, place)
    before = after = measured(lab)
    if profile is not None:
        after = after.with_lab(profile=known_profile(profile))
    if add is not None:
        model = host or (add if add in recorded() else None)
        after = changes.added(after, add, facts_of(machine, model), place or ())
    if upgrade is not None:
        after = changes.upgraded(after, upgrade, machine)
    for one in move or ():
        consumer, _, to = one.partition("=")
        if not to:
            raise InvalidInput(Problem("--move", one, "must be CONSUMER=HOST", f"write {one}=desktop"))
        after = changes.moved(after, consumer, to)
    after = serving(after, models)
    for name in remove or ():
        after = changes.removed(after, name)
    _show_change(before, after, changes.homeless(before, after), as_json)


def _one_machine(
    add: str | None, upgrade: str | None, machine: Machine, host: str | None, place: list[str] | None
) -> None:
    """The description is of the machine that is added, or of the host that is upgraded."""
    if add is not None and upgrade is not None:
        raise typer.BadParameter("describes one machine: ask for one change after the other", param_hint="--add")
    if add is None and upgrade is None and machine != Machine():
        raise typer.BadParameter("of which machine? Say --add NAME or --upgrade HOST", param_hint="--ram …")
    if add is None and host is not None:
        raise typer.BadParameter("is a machine to --add", param_hint="--host")
    if add is None and place is not None:
        raise typer.BadParameter("is of a machine to --add; --move moves", param_hint="--place")


def _show_machine(now: Situation, as_json: bool) -> None:
    from homelab.bars import bars
    from homelab.cli.gates import end, shown
    from homelab.cli.ledger import ledger
    from homelab.gates import judge
    from homelab.plan_json import document

    (one,) = plan(now).hosts
    if as_json:
        print_json(document([one]))
    else:
        screen = console()
        screen.print(ledger(one.budget, one.profile.name, bars(one)))
        for gate in judge(one.facts, one.budget):
            if gate.severity != "info":  # of a machine that is not there nothing was measured
                screen.print(shown(gate))
    end([one])


def _show_change(before: Situation, after: Situation, homeless: list[str], as_json: bool) -> None:
    """What the change leads to must plan; the lab as it is need not, since a change may be its mend."""
    from homelab.cli.comparison import comparison, comparison_document
    from homelab.cli.gates import end

    then = {one.name: one for one in plan(after).hosts}
    now: dict[str, HostPlan] = {}
    refusal: BudgetExceeded | None = None
    for name, one in plan_each(before):
        if isinstance(one, BudgetExceeded):
            refusal = refusal or one
        else:
            now[name] = one
    if as_json:
        print_json(comparison_document(now, then, refusal, homeless))
    else:
        console().print(comparison(now, then, refusal, homeless))
    end(then.values())
