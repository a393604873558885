"""The sandbox's API server as a client sees it: what is there, and what kubectl puts there."""

import ssl
import subprocess
from datetime import datetime
from typing import Any

import httpx

from homelab.errors import Problem, SandboxError
from homelab.sandbox.layout import API_PORT, CONTROL, Sandbox
from homelab.sandbox.pki import Pair
from homelab.sandbox.program import tool

ANSWER_WITHIN = 5.0
"""Seconds for one answer; an API server under load takes one or two."""


class Api:
    """Reads with the sandbox's own administrator's certificate; the person's proxy settings do not matter."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._kubeconfig = sandbox.kubeconfig
        context = ssl.create_default_context(cafile=str(Pair.at(sandbox.pki, "ca").certificate))
        admin = Pair.at(sandbox.pki, "admin")
        context.load_cert_chain(admin.certificate, admin.key)
        self._client = httpx.Client(
            base_url=f"https://{CONTROL}:{API_PORT}",
            verify=context,
            timeout=ANSWER_WITHIN,
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),  # nothing to close but what a request opened
        )

    def ready(self) -> bool:
        try:
            return self._client.get("/readyz").is_success
        except httpx.TransportError:
            return False

    def get(self, path: str) -> dict[str, Any] | None:
        """The object or list at `path`; None when there is none, or the server does not answer yet."""
        try:
            answer = self._client.get(path)
        except httpx.TransportError:
            return None
        return answer.json() if answer.is_success else None

    def holds(self, path: str, condition: str) -> bool:
        """Whether the object at `path` has this condition with the status True."""
        found = self.get(path) or {}
        return any(
            one["type"] == condition and one["status"] == "True"
            for one in found.get("status", {}).get("conditions", ())
        )

    def node_ready(self, name: str, since: datetime) -> bool:
        """Whether the kubelet said so itself after `since`: what it said last outlives it for a while."""
        found = self.get(f"/api/v1/nodes/{name}") or {}
        return any(
            one["type"] == "Ready"
            and one["status"] == "True"
            and datetime.fromisoformat(one["lastHeartbeatTime"]) > since
            for one in found.get("status", {}).get("conditions", ())
        )

    def apply(self, manifests: str) -> None:
        """Server-side apply. Raises SandboxError with kubectl's words."""
        self.kubectl("apply", "--server-side", "--force-conflicts", "--filename=-", given=manifests)

    def kubectl(self, *arguments: str, given: str = "") -> str:
        """Its output. Raises SandboxError with its words."""
        done = subprocess.run(
            [tool("kubectl"), "--kubeconfig", str(self._kubeconfig), *arguments],
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = " / ".join(done.stderr.split("\n")).strip(" /")
            raise SandboxError(Problem(f"kubectl {arguments[0]}", said, "", "./lab sandbox-status"))
        return done.stdout


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=ANSWER_WITHIN, trust_env=False).is_success
    except httpx.TransportError:
        return False
