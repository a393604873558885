"""The engine's questions, answered from the API server."""

import threading
from collections.abc import Mapping
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from kubernetes_stand_in.cluster import Cluster, Settings
from kubernetes_stand_in.difference import Change, Mutability, changes
from kubernetes_stand_in.objects import named, observed, refusals, returned
from kubernetes_stand_in.refusal import Refused, told
from kubernetes_stand_in.values import plain, struct, wrapped

VERSION = "4.32.0"  # of Pulumi's own plugin, whose place this takes; the SDK asks for it
Kind = provider_pb2.PropertyDiff.Kind
KINDS: Mapping[tuple[str, bool], Kind.ValueType] = {
    ("add", False): Kind.ADD,
    ("add", True): Kind.ADD_REPLACE,
    ("delete", False): Kind.DELETE,
    ("delete", True): Kind.DELETE_REPLACE,
    ("update", False): Kind.UPDATE,
    ("update", True): Kind.UPDATE_REPLACE,
}


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Calls come from many threads at once, and none before Configure but those about the configuration."""

    def __init__(self) -> None:
        self._settings = Settings()
        self._mutability = Mutability()
        self._stop = threading.Event()
        self._connecting = threading.Lock()
        self._connected: Cluster | None = None

    @property
    def _cluster(self) -> Cluster:
        """Connected at the first use: a program whose cluster is made in the same run configures before it is."""
        with self._connecting:
            if self._connected is None:
                self._connected = Cluster(self._settings)
            return self._connected

    def Handshake(self, request: Any, context: Any) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True)

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=VERSION)

    def Attach(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:
        self._stop.set()
        return empty_pb2.Empty()

    def CheckConfig(self, request: provider_pb2.CheckRequest, context: Any) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: Any) -> provider_pb2.DiffResponse:
        changed = plain(wrapped(request.old_inputs)) != plain(wrapped(request.news))
        some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=some if changed else none)

    def Configure(self, request: provider_pb2.ConfigureRequest, context: Any) -> provider_pb2.ConfigureResponse:
        given = plain(wrapped(request.args))
        texts = {key: given.get(key) or None for key in ("kubeconfig", "context", "namespace")}
        self._settings = Settings(**texts)
        self._mutability = Mutability(
            config_maps=_on(given, "enableConfigMapMutable"), secrets=_on(given, "enableSecretMutable")
        )
        with told(context, request.args):
            if given.get("enableServerSideApply") in (False, "false"):
                raise Refused("the stand-in for the Kubernetes plugin applies on the server's side only")
            if given.get("renderYamlToDirectory"):
                raise Refused("the stand-in for the Kubernetes plugin renders no YAML: ./lab render does")
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: provider_pb2.CheckRequest, context: Any) -> provider_pb2.CheckResponse:
        inputs = wrapped(request.news)
        failures = [
            provider_pb2.CheckFailure(property=where, reason=reason)
            for where, reason in refusals(request.type, plain(inputs))
        ]
        if failures:
            return provider_pb2.CheckResponse(failures=failures)
        made = named(inputs, plain(wrapped(request.olds)), request.name, request.randomSeed)
        return provider_pb2.CheckResponse(inputs=struct(made))

    def Diff(self, request: provider_pb2.DiffRequest, context: Any) -> provider_pb2.DiffResponse:
        old, new = plain(wrapped(request.old_inputs)), plain(wrapped(request.news))
        found = changes(old, new, self._mutability)
        replaces = [change.text for change in found if change.replaces]
        same_name = old.get("metadata", {}).get("name") == new["metadata"]["name"]
        some, none = provider_pb2.DiffResponse.DIFF_SOME, provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=some if found else none,
            diffs=sorted({str(change.path[0]) for change in found}),
            replaces=replaces,
            deleteBeforeReplace=bool(replaces) and same_name,
            detailedDiff={change.text: _told(change) for change in found},
            hasDetailedDiff=True,
        )

    def Create(self, request: provider_pb2.CreateRequest, context: Any) -> provider_pb2.CreateResponse:
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        inputs = wrapped(request.properties)
        with told(context, request.properties):
            body = plain(inputs)
            live = self._cluster.apply(body)
            return provider_pb2.CreateResponse(
                id=self._cluster.identifier(body), properties=struct(returned(live, inputs))
            )

    def Update(self, request: provider_pb2.UpdateRequest, context: Any) -> provider_pb2.UpdateResponse:
        if request.preview:
            return provider_pb2.UpdateResponse(properties=request.news)
        inputs = wrapped(request.news)
        with told(context, request.news):
            live = self._cluster.apply(plain(inputs))
            return provider_pb2.UpdateResponse(properties=struct(returned(live, inputs)))

    def Read(self, request: provider_pb2.ReadRequest, context: Any) -> provider_pb2.ReadResponse:
        """Inputs come back as the server has them: what somebody else changed shows as a change to undo."""
        inputs = wrapped(request.inputs)
        with told(context, request.inputs):
            body = plain(inputs) or plain(wrapped(request.properties))
            if not body:
                raise Refused("the stand-in for the Kubernetes plugin imports nothing by its id alone")
            live = self._cluster.read(body)
            if live is None:
                return provider_pb2.ReadResponse()
            return provider_pb2.ReadResponse(
                id=request.id,
                properties=struct(returned(live, inputs)),
                inputs=struct(observed(inputs, live)),
            )

    def Delete(self, request: provider_pb2.DeleteRequest, context: Any) -> empty_pb2.Empty:
        with told(context, request.old_inputs):
            body = plain(wrapped(request.old_inputs)) or plain(wrapped(request.properties))
            if request.timeout:
                self._cluster.delete(body, self._stop, request.timeout)
            else:
                self._cluster.delete(body, self._stop)
        return empty_pb2.Empty()


def _on(given: Mapping[str, Any], name: str) -> bool:
    """Settings from the program are true or false, those from the configuration of a stack are texts."""
    return given.get(name) in (True, "true")


def _told(change: Change) -> provider_pb2.PropertyDiff:
    return provider_pb2.PropertyDiff(kind=KINDS[change.kind, change.replaces], inputDiff=True)
