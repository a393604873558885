"""What may not reach a cluster, judged on manifests as plain mappings: no engine and no cluster is needed.

`check(manifests, ledger)` returns every violation. The same table is the policy pack of `policy/`, which stops a
preview or an `up`.
"""

from homelab.policy import checkov
from homelab.policy.exceptions import EXCEPTIONS, excepted
from homelab.policy.ledger import Allowance, Ledger, ledger_of
from homelab.policy.manifest import Manifest, Manifests, title
from homelab.policy.table import POLICIES, Policy, check
from homelab.policy.violation import PolicyViolated, Violation

__all__ = [
    "EXCEPTIONS",
    "POLICIES",
    "Allowance",
    "Ledger",
    "Manifest",
    "Manifests",
    "Policy",
    "PolicyViolated",
    "Violation",
    "check",
    "checkov",
    "excepted",
    "ledger_of",
    "title",
]
