"""Questions to the API server of the cluster that lab.yaml names, answered with the objects as they are (JSON)."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from homelab.consumers import NAMESPACE
from homelab.errors import ClusterError, Problem
from homelab.lab.cluster import Cluster

Object = Mapping[str, Any]

ANSWER_S = 10.0  # seconds; an API server that needs longer for a list of this size is not well

LISTS = {
    "CronJob": ("BatchV1Api", "list_namespaced_cron_job"),
    "Deployment": ("AppsV1Api", "list_namespaced_deployment"),
    "Event": ("CoreV1Api", "list_namespaced_event"),
    "HorizontalPodAutoscaler": ("AutoscalingV2Api", "list_namespaced_horizontal_pod_autoscaler"),
    "Job": ("BatchV1Api", "list_namespaced_job"),
    "Pod": ("CoreV1Api", "list_namespaced_pod"),
    "StatefulSet": ("AppsV1Api", "list_namespaced_stateful_set"),
}


class Kube:
    """In the platform's namespace. Every call raises ClusterError where the API server does not answer."""

    def __init__(self, cluster: Cluster) -> None:
        """Raises ClusterError for a kubeconfig that cannot be used. Imports the official client: half a second."""
        from kubernetes import client, config

        self.where = f"cluster {cluster.context}"
        settings = client.Configuration()
        settings.retries = False
        file = None if cluster.kubeconfig is None else str(cluster.kubeconfig)
        try:
            config.load_kube_config(file, context=cluster.context, client_configuration=settings)
        except config.ConfigException as error:
            rule, fix = "it is reached by a kubeconfig", "set cluster.kubeconfig in lab.yaml, or KUBECONFIG"
            raise ClusterError(Problem(self.where, str(error), rule, fix)) from None
        self._client = client.ApiClient(settings)

    def listed(self, kind: str, label: str | None = None) -> tuple[list[Object], str]:
        """The objects of a kind, and the version from which `changes` goes on."""
        selected = {} if label is None else {"label_selector": label}
        with self.asked():
            found = self._call(kind)(NAMESPACE, _preload_content=False, _request_timeout=ANSWER_S, **selected)
        document = json.loads(found.data)
        return document["items"], document["metadata"]["resourceVersion"]

    def changes(self, kind: str, version: str, seconds: float, label: str | None = None) -> Iterator[Object]:
        """Every object that changes after `version`, as it then is, for so long; one that goes is left out.

        Ends early where the server no longer knows the version: list anew.
        """
        from kubernetes import watch
        from kubernetes.client import ApiException

        whole = max(1, round(seconds))
        options: dict[str, Any] = {"resource_version": version, "timeout_seconds": whole}
        if label is not None:
            options["label_selector"] = label
        with self.asked():
            try:
                stream = watch.Watch().stream(
                    self._call(kind), NAMESPACE, _request_timeout=whole + ANSWER_S, **options
                )
                yield from (event["raw_object"] for event in stream if event["type"] in {"ADDED", "MODIFIED"})
            except ApiException as error:
                if error.status != 410:
                    raise

    def job_from(self, cron: Object, name: str) -> None:
        """Start a Job by the template of a CronJob, as `kubectl create job --from` does."""
        spec = cron["spec"]["jobTemplate"]["spec"]
        metadata = {"name": name, "labels": cron["metadata"].get("labels", {})}
        body = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}
        with self.asked():
            self._of("BatchV1Api").create_namespaced_job(NAMESPACE, body, _request_timeout=ANSWER_S)

    def end_job(self, name: str) -> None:
        """With its pods; one that has gone is as good."""
        from kubernetes.client import ApiException

        with self.asked():
            try:
                self._of("BatchV1Api").delete_namespaced_job(
                    name, NAMESPACE, propagation_policy="Background", _request_timeout=ANSWER_S
                )
            except ApiException as error:
                if error.status != 404:
                    raise

    def log(self, pod: str, seconds: float) -> Iterator[str]:
        """The lines of a pod's log until it ends. Raises ClusterError when none comes for so long."""
        with self.asked():
            answer = self._of("CoreV1Api").read_namespaced_pod_log(
                pod, NAMESPACE, follow=True, _preload_content=False, _request_timeout=(ANSWER_S, seconds)
            )
            rest = ""
            for piece in answer.stream(decode_content=True):
                *lines, rest = (rest + piece.decode("utf-8", "replace")).split("\n")
                yield from lines
            if rest:
                yield rest

    @contextmanager
    def asked(self) -> Iterator[None]:
        """What goes wrong within, in the person's words."""
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        try:
            yield
        except ApiException as error:
            given = f"{error.status} {error.reason}"
            raise ClusterError(Problem(self.where, given, "", "use a kubeconfig that may do that")) from None
        except HTTPError as error:
            fix = "start it, or correct cluster in lab.yaml"
            raise ClusterError(Problem(self.where, f"does not answer: {error}", "", fix)) from None

    def _of(self, api: str) -> Any:
        from kubernetes import client

        return getattr(client, api)(self._client)

    def _call(self, kind: str) -> Callable[..., Any]:
        api, method = LISTS[kind]
        call: Callable[..., Any] = getattr(self._of(api), method)
        return call
