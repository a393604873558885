"""A real Kubernetes on this machine: etcd, API server, kubelets and containerds in namespaces of their own.

Each machine of the sandbox (a control plane, one node or three) is a set of namespaces whose first process is a
supervisord. What its programs mount, link or filter is inside and ends with that process; outside there are one
interface with its routes, the cgroups /homelab-sandbox and the folder .sandbox.
"""

from homelab.sandbox.images import load
from homelab.sandbox.layout import existing
from homelab.sandbox.lifecycle import down, kill, start, up

__all__ = ["down", "existing", "kill", "load", "start", "up"]
