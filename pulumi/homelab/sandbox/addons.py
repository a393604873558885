"""What the cluster needs beyond its programs: DNS, metrics, storage, as manifests, and when each is there."""

import base64
from string import Template

from homelab.lab import ROOT
from homelab.sandbox import control
from homelab.sandbox.api import Api, answers
from homelab.sandbox.layout import CONTROL, Sandbox
from homelab.sandbox.pki import Pair

MANIFESTS = ROOT / "sandbox/manifests"


def apply(sandbox: Sandbox, api: Api) -> None:
    ca = base64.b64encode(Pair.at(sandbox.pki, "ca").certificate.read_bytes()).decode()
    values = control.values(ca)
    texts = [Template(path.read_text()).substitute(values) for path in sorted(MANIFESTS.glob("*.yaml"))]
    api.apply("\n---\n".join(texts))


def dns_ready() -> bool:
    return answers(f"http://{CONTROL}:{control.DNS_READY_PORT}/ready")


def metrics_ready(api: Api) -> bool:
    return api.holds("/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io", "Available")


def accounts_ready(api: Api) -> bool:
    """Whether a pod can be made: its namespace's account is the controllers' work."""
    return api.get("/api/v1/namespaces/default/serviceaccounts/default") is not None
