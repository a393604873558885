"""The API server as the stand-in uses it: server-side apply, read, and delete until gone."""

import json
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import NotFoundError

MANAGER = "pulumi-kubernetes"
FORCE = (
    "pulumi.com/patchForce"  # the annotation with which Pulumi's own plugin takes over another manager's fields
)
PROPAGATION = "pulumi.com/deletionPropagationPolicy"  # likewise
PATIENCE = 600.0  # seconds until a deletion that does not end is an error, as in Pulumi's own plugin
ANSWER = 60.0  # seconds; the API server ends its own requests after as many, so nobody answers any more
CALLS = 32  # connections kept, one for each thread that serves the engine


class StillThere(Exception):
    """A deleted object has not gone in time; most often a finalizer holds it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a program gives its provider: a kubeconfig (a path or its text), which context and namespace of it."""

    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None

    def client(self, calls: int = CALLS) -> ApiClient:
        """Raises config.ConfigException or yaml.YAMLError for a kubeconfig that cannot be used."""
        settings = Configuration()
        settings.connection_pool_maxsize = calls
        if self.kubeconfig and "\n" in self.kubeconfig:
            parsed = yaml.safe_load(self.kubeconfig)
            config.load_kube_config_from_dict(parsed, context=self.context, client_configuration=settings)
        else:
            file = str(Path(self.kubeconfig).expanduser()) if self.kubeconfig else None
            config.load_kube_config(file, context=self.context, client_configuration=settings)
        return ApiClient(settings)


class Cluster:
    """Safe to use from several threads. Everything raises what the Kubernetes client raises."""

    def __init__(self, settings: Settings) -> None:
        self._namespace = settings.namespace or "default"
        self._scratch = tempfile.TemporaryDirectory(prefix="kubernetes-stand-in-")
        # The client would otherwise keep what it discovers in a file that everybody on the machine can write.
        self._client = DynamicClient(settings.client(), cache_file=str(Path(self._scratch.name) / "discovery"))
        self._discovery = threading.Lock()
        self._kinds: dict[tuple[str, str], Any] = {}

    def apply(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The object as the server has it afterwards, whether it was there before or not."""
        kind, name, namespace = self._place(body)
        force = _annotation(body, FORCE) == "true"
        answer = self._client.server_side_apply(
            kind,
            dict(body),
            name,
            namespace,
            force_conflicts=force,
            field_manager=MANAGER,
            serialize=False,
            _request_timeout=ANSWER,
        )
        return _object(answer)

    def read(self, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """None where there is no object of that kind and name."""
        kind, name, namespace = self._place(body)
        try:
            return _object(self._client.get(kind, name, namespace, serialize=False, _request_timeout=ANSWER))
        except NotFoundError:
            return None

    def delete(self, body: Mapping[str, Any], stop: threading.Event, seconds: float = PATIENCE) -> None:
        """Returns once the object has gone. Raises StillThere after `seconds`, or when `stop` is set."""
        kind, name, namespace = self._place(body)
        policy = _annotation(body, PROPAGATION) or "foreground"
        options = {"propagationPolicy": policy[:1].upper() + policy[1:]}
        try:
            self._client.delete(kind, name, namespace, body=options, serialize=False, _request_timeout=ANSWER)
        except NotFoundError:
            return
        end = time.monotonic() + seconds
        first = self.read(body)
        live = first
        while first is not None and live is not None and _uid(live) == _uid(first):
            left = end - time.monotonic()
            if left <= 0 or stop.is_set():
                held = ", ".join(live["metadata"].get("finalizers", ())) or "no finalizer"
                raise StillThere(f"{kind.kind} {name} is still there {seconds:.0f} s after its deletion ({held})")
            self._until_event(kind, name, namespace, live, min(left, 10.0))
            live = self.read(body)

    def _until_event(self, kind: Any, name: str, namespace: str | None, live: Mapping[str, Any], s: float) -> None:
        version = live["metadata"]["resourceVersion"]
        seconds = max(1, round(s))  # the server takes whole seconds
        for event in self._client.watch(kind, namespace, name, resource_version=version, timeout=seconds):
            if event["type"] == "DELETED":
                return

    def identifier(self, body: Mapping[str, Any]) -> str:
        """`namespace/name`, or `name` for what belongs to the whole cluster; as in Pulumi's own plugin."""
        _, name, namespace = self._place(body)
        return f"{namespace}/{name}" if namespace else name

    def _place(self, body: Mapping[str, Any]) -> tuple[Any, str, str | None]:
        kind = self._kind(body["apiVersion"], body["kind"])
        metadata = body["metadata"]
        return kind, metadata["name"], (metadata.get("namespace") or self._namespace) if kind.namespaced else None

    def _kind(self, api_version: str, kind: str) -> Any:
        key = (api_version, kind)
        with self._discovery:
            if key not in self._kinds:
                self._kinds[key] = self._client.resources.get(api_version=api_version, kind=kind)
            return self._kinds[key]


def _annotation(body: Mapping[str, Any], name: str) -> str | None:
    annotations = body["metadata"].get("annotations") or {}
    value = annotations.get(name)
    return value if value is None else str(value)


def _uid(live: Mapping[str, Any]) -> str:
    return str(live["metadata"]["uid"])


def _object(answer: Any) -> dict[str, Any]:
    """Without the list of who owns which field: it is long, and nothing reads it."""
    read: dict[str, Any] = json.loads(answer.data)
    read["metadata"].pop("managedFields", None)
    return read
