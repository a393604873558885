"""`homelab images`: build our images, push them, or import them into k3s."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from homelab.cli.output import Json, console, print_json, table
from homelab.document import meant
from homelab.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from homelab.images.build import Image
    from homelab.images.containerd import Containerd
    from homelab.images.model import Catalogue

MB = 10**6

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME…]", help="images [default: all of ours; with --import those that pods run]"),
]
Base = Annotated[
    str | None,
    typer.Option(
        metavar="IMAGE",
        help="build on this one, or on `registry`: what stacks/images.yaml names "
        "[default: Debian, installed by mmdebstrap]",
    ),
]


def images(
    names: Names = None,
    base: Base = None,
    push: Annotated[bool, typer.Option("--push", help="to cluster.registry of lab.yaml")] = False,
    import_: Annotated[
        bool, typer.Option("--import", help="into the sandbox if lab.yaml is its own, else this machine's k3s")
    ] = False,
    as_json: Json = False,
) -> None:
    """Build what is not built; each image's tag is the hash of all that it is made of.

    Needs buildah, and mmdebstrap and root unless --base is given.

    Examples:
      homelab images
      homelab images nats --import
      homelab --lab .sandbox/lab.yaml images --import
      homelab images --base registry --push
    """
    from homelab.images import build, deliver, load, store

    catalogue = load()
    chosen = _chosen(names, list(catalogue.ours), list(catalogue.vendor))
    engine = _graph_engine() if import_ else None
    chosen = chosen or (list(catalogue.ours) if engine is None else catalogue.deployed(engine))
    _one_base(chosen, base, {name: image.base for name, image in catalogue.ours.items()})
    registry = _registry() if push else None
    takers = [] if engine is None else _takers(catalogue, engine)
    ours = store.ours()
    made: list[tuple[Image, str]] = []
    with build.at_work(ours):
        for name in chosen:
            image = build.build(name, catalogue, ours, base)
            went = image.reference
            if registry is not None:
                went = deliver.push(image, registry, ours)
            for containerd, needed in takers:
                if names or name in needed:
                    containerd.take(image, ours)
            made.append((image, went))
    if as_json:
        rows = [
            {
                "name": image.name,
                "reference": went,
                "base": image.base,
                "bytes": image.size,
                "built": image.seconds is not None,
                "seconds": None if image.seconds is None else round(image.seconds, 1),
            }
            for image, went in made
        ]
        vendor = [{"name": name, "reference": image.reference} for name, image in catalogue.vendor.items()]
        print_json({"schema": "images/1", "images": rows, "vendor": vendor})
        return
    _show(made)
    if names is None:
        listed = ", ".join(f"{name} {image.tag}" for name, image in catalogue.vendor.items())
        console().print(f"\nPulled from their vendors, never built here: {listed}.")


def _chosen(names: Sequence[str] | None, ours: Sequence[str], vendor: Sequence[str]) -> Sequence[str]:
    """Raises InvalidInput for every name that is none of ours."""
    problems = []
    for name in names or ():
        if name in vendor:
            rule = "it is its vendor's: the cluster pulls it from there"
            problems.append(Problem("images", name, rule, "leave it out"))
        elif name not in ours:
            problems.append(Problem("images", name, "no such image", meant(name, ours)))
    if problems:
        raise InvalidInput(*problems)
    return list(dict.fromkeys(names or ()))


def _one_base(names: Sequence[str], base: str | None, bases: dict[str, str | None]) -> None:
    """One IMAGE cannot stand for two: some need a newer Python or Node."""
    from homelab.images.build import REGISTRY

    needed = {stands for name in names if (stands := bases[name]) is not None}
    if base in (None, REGISTRY) or len(needed) < 2:
        return
    said = " and ".join(sorted(needed))
    fix = f"name images of one of them, or --base {REGISTRY}"
    raise InvalidInput(Problem("images", f"--base {base}", f"these images stand on {said}", fix))


def _graph_engine() -> str:
    """Of the lab's profile; those that `auto` takes for more or less memory have the same."""
    from homelab import profile
    from homelab.lab import load

    return profile.load(load().profile, ram_mib=1).rules.graph.engine


def _registry() -> str:
    """Raises InvalidInput where lab.yaml names none."""
    from homelab.lab import load

    lab = load()
    if lab.cluster is None or lab.cluster.registry is None:
        rule = "cluster.registry says where images are pushed"
        fix = "set it, such as registry.lan:5000/lab"
        raise InvalidInput(Problem(lab.path.name, "no cluster.registry", rule, fix))
    return lab.cluster.registry


def _takers(catalogue: "Catalogue", engine: str) -> "list[tuple[Containerd, Sequence[str]]]":
    """What runs the pods of this lab, and the images that it needs.

    Raises MissingTool without k3s, SandboxError where the sandbox is off.
    """
    from homelab.images.containerd import k3s
    from homelab.lab import load
    from homelab.sandbox.images import containerd
    from homelab.sandbox.owner import of_lab, own

    lab = load()
    sandbox = of_lab(lab.path)
    if sandbox is None:
        return [(k3s(), catalogue.deployed(engine))]
    own(sandbox.root)
    placed = {node: lab.hosts[name].placed for name, node in lab.nodes.items()}
    return [(containerd(node), catalogue.deployed(engine, placed.get(node.name, ()))) for node in sandbox.nodes]


def _show(made: Sequence[tuple["Image", str]]) -> None:
    shown = table("image", "reference", "MB", "", numbers=("MB",))
    for image, went in made:
        state = "cached" if image.seconds is None else f"built in {image.seconds:.0f} s"
        shown.add_row(image.name, went, f"{image.size / MB:.0f}", state)
    console().print(shown)
