"""Which phases are validated: a record in the cluster itself, so that everybody who deploys sees the same.

The ConfigMap `validated` holds one JSON document for each stack: the fingerprint of the plan that was validated,
and when. An `up` takes its stack's record away before it changes anything; a changed plan has another fingerprint.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from homelab.consumers import NAMESPACE
from homelab.errors import DeployRefused, Problem
from homelab.guards.context import kubeconfig, readable
from homelab.lab.cluster import Cluster

NAME = "validated"
ANSWER_S = 10.0  # seconds; an API server that needs longer for one small object is not well

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Record:
    """`plan` is the fingerprint of what was validated at `at` (UTC)."""

    plan: str
    at: datetime


class Records:
    """In the cluster that lab.yaml names. Every call raises DeployRefused where the cluster does not answer, and
    the making does for a kubeconfig that is of no use.
    """

    def __init__(self, cluster: Cluster) -> None:
        from kubernetes import client, config

        settings = client.Configuration()
        settings.retries = False
        with readable(cluster):
            config.load_kube_config(kubeconfig(cluster), context=cluster.context, client_configuration=settings)
        self._where = f"cluster {cluster.context}"
        self._core = client.CoreV1Api(client.ApiClient(settings))

    def read(self) -> Mapping[str, Record]:
        """Stack → its record; empty before anything was validated."""
        found = self._asked(
            lambda: self._core.read_namespaced_config_map(NAME, NAMESPACE, _request_timeout=ANSWER_S)
        )
        return {stack: _record(text) for stack, text in ((found.data if found else None) or {}).items()}

    def keep(self, stack: str, plan: str, at: datetime) -> None:
        """`stack` is validated as of now. Makes the namespace where there is none yet."""
        text = json.dumps({"plan": plan, "at": at.isoformat()})
        if self._patched({stack: text}) is None:
            from kubernetes.client import V1ConfigMap, V1Namespace, V1ObjectMeta

            if self._asked(lambda: self._core.read_namespace(NAMESPACE, _request_timeout=ANSWER_S)) is None:
                space = V1Namespace(metadata=V1ObjectMeta(name=NAMESPACE))
                self._asked(lambda: self._core.create_namespace(space, _request_timeout=ANSWER_S))
            body = V1ConfigMap(metadata=V1ObjectMeta(name=NAME), data={stack: text})
            self._asked(
                lambda: self._core.create_namespaced_config_map(NAMESPACE, body, _request_timeout=ANSWER_S)
            )

    def take_away(self, stack: str) -> None:
        """`stack` is not validated any more."""
        self._patched({stack: None})

    def _patched(self, data: Mapping[str, str | None]) -> Any:
        body = {"data": data}
        return self._asked(
            lambda: self._core.patch_namespaced_config_map(NAME, NAMESPACE, body, _request_timeout=ANSWER_S)
        )

    def _asked(self, call: Callable[[], Answer]) -> Answer | None:
        """None where there is no such object."""
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        try:
            return call()
        except ApiException as error:
            if error.status == 404:
                return None
            given, fix = f"{error.status} {error.reason}", "use a kubeconfig that may write ConfigMaps there"
            raise DeployRefused(self._problem(given, fix)) from None
        except HTTPError as error:
            given = f"does not answer: {error}"
            raise DeployRefused(self._problem(given, "start it, or correct cluster in lab.yaml")) from None

    def _problem(self, given: str, fix: str) -> Problem:
        return Problem(self._where, given, "it says which phases are validated", fix)


def _record(text: str) -> Record:
    read = json.loads(text)
    return Record(read["plan"], datetime.fromisoformat(read["at"]))
