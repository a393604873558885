"""Every command of `homelab`: one line each, so that `--help` lists them without importing any."""

from typing import NamedTuple


class Command(NamedTuple):
    """`name` as typed (`local up` is `up` of the group `local`); `target` is module:function."""

    name: str
    target: str
    section: str
    """The heading under which --help lists it."""

    help: str


COMMANDS = (
    Command("demo", "homelab.cli.demo:demo", "Platform", "measure, plan, start, ingest and ask, in one go"),
    Command("audit", "homelab.cli.audit:audit", "Plan", "measure the hosts and keep their facts"),
    Command("plan", "homelab.cli.plan:plan", "Plan", "who gets how much memory on each host, and what is left"),
    Command(
        "explain",
        "homelab.cli.explain:explain",
        "Plan",
        "the chain behind a number, such as postgres.shared_buffers",
    ),
    Command("what-if", "homelab.cli.what_if:what_if", "Plan", "the plan of a machine that you do not own"),
    Command(
        "doctor",
        "homelab.cli.doctor:doctor",
        "Plan",
        "what keeps the platform from running here, and how to mend it",
    ),
    Command("local up", "homelab.cli.local:up", "Platform", "start the platform inside its plan"),
    Command(
        "local status",
        "homelab.cli.local:status",
        "Platform",
        "each service: state, memory beside its limit, restarts",
    ),
    Command(
        "ingest",
        "homelab.cli.data:ingest",
        "Documents",
        "put files and folders in, and wait until they can be found",
    ),
    Command("search", "homelab.cli.data:search", "Documents", "the passages nearest to a text"),
    Command("ask", "homelab.cli.data:ask", "Documents", "an answer from the documents, with citations"),
    Command("sparql", "homelab.cli.data:sparql", "Documents", "rows from the graph of all documents"),
    Command("status", "homelab.cli.data:status", "Documents", "services, streams, and how much is stored"),
    Command(
        "forget",
        "homelab.cli.forgetting:forget",
        "Documents",
        "take documents out, with everything made of them",
    ),
    Command("dlq list", "homelab.cli.dead_letters:show_list", "Documents", "number, document, stage and reason"),
    Command("dlq show", "homelab.cli.dead_letters:show", "Documents", "one letter with its message"),
    Command("dlq replay", "homelab.cli.dead_letters:replay", "Documents", "give messages to their stage again"),
    Command("dlq purge", "homelab.cli.dead_letters:purge", "Documents", "throw letters away"),
    Command(
        "drift",
        "homelab.cli.drift:drift",
        "Platform",
        "what services used at most beside their limits, and the profile that follows",
    ),
    Command("local down", "homelab.cli.local:down", "Platform", "stop the platform; data stays"),
    Command("secrets init", "homelab.cli.secrets:init", "Tools", "make every missing secret, encrypted"),
    Command("secrets encrypt", "homelab.cli.secrets:encrypt", "Tools", "encrypt what stands in clear, or set one"),
    Command("secrets decrypt", "homelab.cli.secrets:decrypt", "Tools", "print secrets in clear"),
    Command(
        "sandbox up",
        "homelab.cli.sandbox:up",
        "Cluster",
        "start a real Kubernetes of this machine's own",
    ),
    Command("sandbox status", "homelab.cli.sandbox:show", "Cluster", "its machines, nodes and programs"),
    Command("sandbox down", "homelab.cli.sandbox:down", "Cluster", "end it without a trace; its data stays"),
    Command("render", "homelab.cli.render:render", "Cluster", "the manifests of a phase, without a cluster"),
    Command(
        "check-manifests",
        "homelab.cli.manifests:check_manifests",
        "Cluster",
        "judge what the stacks would deploy, without a cluster",
    ),
    Command("stack preview", "homelab.cli.stacks:preview", "Cluster", "what `up` of a phase would change"),
    Command("stack up", "homelab.cli.stacks:up", "Cluster", "deploy a phase, or what has changed of it"),
    Command("validate", "homelab.cli.validate:validate", "Cluster", "whether a phase does what it promises"),
    Command(
        "promptfoo-eval",
        "homelab.cli.evaluation:evaluate",
        "Cluster",
        "questions whose answers are known, asked of the cluster",
    ),
    Command("stack down", "homelab.cli.stacks:down", "Cluster", "delete what a phase deployed; volumes stay"),
    Command("images", "homelab.cli.images:images", "Tools", "build our container images, push or import them"),
    Command("tools", "homelab.cli.tools:tools", "Tools", "build servers that no Python package carries"),
)

GROUPS = {
    "dlq": "The dead letters: messages that no retry helps, kept for 30 days.",
    "secrets": "The platform's passwords and keys, encrypted for git.",
    "local": "The platform as processes of this machine, without a cluster.",
    "stack": "The platform on the cluster that lab.yaml names, one stack for each phase.",
    "sandbox": "A real Kubernetes on this machine, in namespaces of its own.",
}
"""Commands of two words: what `homelab GROUP --help` says first."""
