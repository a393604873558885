"""The same program without an engine: every object that a phase declares, as its manifest."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks, set_mocks
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.rpc import deserialize_properties
from pulumi.runtime.stack import run_pulumi_func

from homelab.phases.site import Site

KUBERNETES = "kubernetes:"
PROJECT = "homelab"


class _Nothing(Mocks):
    """A phase asks the cluster nothing, and `_Recorder` answers for its resources."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        raise NotImplementedError(args.typ)

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], None]:
        raise NotImplementedError(args.token)


class _Recorder(MockMonitor):
    """Takes every object as it is given, and keeps it.

    The SDK's own one would open an event loop in each of its threads, and close none.
    """

    def __init__(self) -> None:
        super().__init__(_Nothing())
        self.manifests: list[Mapping[str, Any]] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  the protocol's name
        if request.type.startswith(KUBERNETES):
            self.manifests.append(_whole(deserialize_properties(request.object)))
        urn = self.make_urn(request.parent, request.type, request.name)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=request.name, object=request.object)

    def GetDeploymentInfo(self, request: Any) -> Any:  # noqa: N802
        """Without secrets, which would come wrapped: who wants manifests gives masked ones."""
        return resource_pb2.DeploymentInfo(supportedFeatures=[])


def _whole(value: Any) -> Any:
    """The protocol knows no integers, and no order of keys."""
    if isinstance(value, dict):
        return {key: _whole(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_whole(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def manifests(program: Callable[[Site], None], stack: str, site: Site) -> list[Mapping[str, Any]]:
    """In an order that is not always the same. Raises what the program raises."""
    recorder = _Recorder()

    async def run() -> None:
        set_mocks(_Nothing(), project=PROJECT, stack=stack, preview=False, monitor=recorder)
        await run_pulumi_func(lambda: program(site))

    asyncio.run(run())
    return recorder.manifests
