"""Programs that no Python package carries: pinned, built from source once, kept in a cache."""

from pathlib import Path

from homelab.tools.recipes import cargo, go_build, golang

KUBERNETES = "1.36.2"
PULUMI = "3.259.0"
PULUMI_SDK = "github.com/pulumi/pulumi/sdk/v3"
LANGUAGE_HOST = "pulumi-language-python"

TOOLS = {
    tool.name: tool
    for tool in (
        # 2.3.0: the first with `server --single-node --default-bucket`, which the local platform starts it by
        cargo(
            "garage",
            "2.3.0",
            programs=("garage",),
            features=("bundled-libs", "metrics", "sqlite"),  # sqlite is the one database that we configure
            takes="about 6 min on 2 cores",
        ),
        golang(
            "kubernetes",
            KUBERNETES,
            {
                program: f"k8s.io/kubernetes/cmd/{program}"
                for program in (
                    "kube-apiserver",
                    "kube-controller-manager",
                    "kube-scheduler",
                    "kubelet",
                    "kube-proxy",
                    "kubectl",
                )
            },
            # Without these clients read version 0.0, and the API server refuses to emulate any.
            values={
                f"k8s.io/{package}.git{part}": value
                for package in ("component-base/version", "client-go/pkg/version")
                for part, value in (("Version", f"v{KUBERNETES}"), ("Major", "1"), ("Minor", "36"))
            },
            takes="about 4 min on 2 cores",
        ),
        golang(
            "etcd",
            "3.6.14",
            {"etcd": "go.etcd.io/etcd/server/v3", "etcdctl": "go.etcd.io/etcd/etcdctl/v3"},
            takes="about 30 s on 2 cores",
        ),
        golang(
            "pulumi",
            PULUMI,
            {"pulumi": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"},
            module="cli",
            values={f"{PULUMI_SDK}/go/common/version.Version": f"v{PULUMI}"},
            more=(
                go_build("language-python", LANGUAGE_HOST, f"{PULUMI_SDK}/python/cmd/{LANGUAGE_HOST}"),
                ("sh", "{source}/helpers.sh", "{home}/bin"),
            ),
            more_programs=(LANGUAGE_HOST, f"{LANGUAGE_HOST}-exec", "pulumi-resource-pulumi-python"),
            takes="about 3 min on 2 cores",
        ),
        golang(
            "sops",
            "3.13.2",
            {"sops": "github.com/getsops/sops/v3/cmd/sops"},
            takes="seconds after pulumi, else about 2 min",
        ),
        golang(
            "age",
            "1.3.2",
            {"age": "filippo.io/age/cmd/age", "age-keygen": "filippo.io/age/cmd/age-keygen"},
            values={"main.Version": "v1.3.2"},
            takes="seconds",
        ),
        golang("coredns", "1.12.4", {"coredns": "."}, takes="seconds after kubernetes, else about 1 min"),
        golang(
            "metrics-server",
            "0.9.0",
            {"metrics-server": "sigs.k8s.io/metrics-server/cmd/metrics-server"},
            values={
                f"k8s.io/{package}.gitVersion": "v0.9.0"
                for package in ("component-base/version", "client-go/pkg/version")
            },
            takes="seconds after kubernetes, else about 2 min",
        ),
        golang(
            "local-path-provisioner",
            "0.0.30",
            {"local-path-provisioner": "github.com/rancher/local-path-provisioner"},
            values={"main.VERSION": "v0.0.30"},
            takes="seconds after kubernetes, else about 1 min",
        ),
        # programs of our own: what the sandbox itself runs as pods
        golang("pod", "1", {"pause": "./pause", "volume": "./volume"}, takes="seconds"),
        golang(
            "otelcol",
            "0.159.0",
            {"otelcol": "."},
            values={"main.version": "0.159.0"},
            takes="about 2 min on 2 cores",
        ),
        golang("kwok", "0.8.0", {"kwok": "sigs.k8s.io/kwok/cmd/kwok"}, takes="about 1 min on 2 cores"),
        golang("nats", "0.4.0", {"nats": "github.com/nats-io/natscli/nats"}, takes="about 30 s on 2 cores"),
    )
}

GROUPS = {
    # what ./lab sandbox-up starts or puts into images, and what works on its cluster
    "sandbox": (
        *("kubernetes", "etcd", "coredns", "metrics-server", "local-path-provisioner", "pod"),
        *("pulumi", "sops", "age", "garage", "otelcol"),
    ),
}
"""Names under which several tools are built together."""


def find(program: str) -> Path | None:
    """The program's path if the pinned tool that brings it has been built, else None."""
    tool = next((tool for tool in TOOLS.values() if program in tool.programs), None)
    return tool.home / "bin" / program if tool is not None and tool.built else None
