# Every verb of the project. `./lab RECIPE` is the same with uv and just brought along; alone, both list what there is.
# Recipes that take a person's paths run where the person stands, the others in the repository's root.

set no-exit-message # a program that fails has said why already
set positional-arguments
set shell := ["bash", "-euo", "pipefail", "-c"]

root := justfile_directory()
homelab := quote(root / ".venv/bin/homelab")
bin := quote(root / ".venv/bin")
prepare := "PYTHONPATH=" + quote(root / "pulumi") + " " + quote(env("LAB_PYTHON", "python3")) + " -P -m homelab.tools.environment"

[private]
default:
    @{{ quote(just_executable()) }} --justfile {{ quote(justfile()) }} --list --unsorted --list-heading $'./lab RECIPE …\n'

# Bring what the recipes run on up to date; silent when it is.

[private]
environment +names="homelab":
    @{{ prepare }} "$@"

[doc("From nothing to an answer: audit, plan, start, ingest PATHs (or the samples), ask")]
[group("start here")]
[no-cd]
demo *paths: (environment "homelab" "litellm")
    @{{ homelab }} demo "$@"

[doc("Measure the hosts of lab.yaml by Ansible and fetch their facts")]
[group("measure and decide")]
[no-cd]
ansible-hardware-audit *flags: environment
    @{{ homelab }} audit "$@"

[doc("The ledger: what every service may use, from the facts and the profile")]
[group("measure and decide")]
[no-cd]
plan *flags: environment
    @{{ homelab }} plan "$@"

[doc("The manifests of a phase, without a cluster: one YAML file for each object with --out")]
[group("measure and decide")]
[no-cd]
render stack *flags: (environment "cluster")
    @{{ homelab }} render "$@"

[doc("Why CONSUMER.SETTING is what it is: fact, profile line, rule, clamp, result")]
[group("measure and decide")]
[no-cd]
explain *flags: environment
    @{{ homelab }} explain "$@"

[doc("The plan of a machine that one does not own")]
[group("measure and decide")]
[no-cd]
what-if *flags: environment
    @{{ homelab }} what-if "$@"

[doc("What keeps the platform from running here, and how to mend it; changes nothing")]
[group("measure and decide")]
[no-cd]
doctor *flags: environment
    @{{ homelab }} doctor "$@"

[doc("Start the platform as local processes inside its plan")]
[group("local platform")]
[no-cd]
local-up *flags: (environment "homelab" "litellm")
    @{{ homelab }} local up "$@"

[doc("Its processes: state, memory against the plan, restarts")]
[group("local platform")]
[no-cd]
local-status *flags: environment
    @{{ homelab }} local status "$@"

[doc("Measured peaks beside the plan, and the profile that follows as a diff; never applied")]
[group("local platform")]
[no-cd]
drift *flags: environment
    @{{ homelab }} drift "$@"

[doc("Stop it in reverse order; the data stays")]
[group("local platform")]
[no-cd]
local-down *flags: environment
    @{{ homelab }} local down "$@"

[doc("Make every missing secret, encrypted for your own key and a recovery key")]
[group("secrets")]
[no-cd]
secrets-init *flags: environment
    @{{ homelab }} secrets init "$@"

[doc("Encrypt what stands in clear below secrets/, or set NAME.KEY from standard input")]
[group("secrets")]
[no-cd]
sops-encrypt *flags: environment
    @{{ homelab }} secrets encrypt "$@"

[doc("Print secrets in clear: NAME, NAME.KEY or all")]
[group("secrets")]
[no-cd]
sops-decrypt *flags: environment
    @{{ homelab }} secrets decrypt "$@"

[doc("Start a real Kubernetes on this machine, with one node or --nodes 3 (root)")]
[group("cluster")]
[no-cd]
sandbox-up *flags: environment
    @{{ homelab }} sandbox up "$@"

[doc("Its machines, nodes and programs: state and memory")]
[group("cluster")]
[no-cd]
sandbox-status *flags: environment
    @{{ homelab }} sandbox status "$@"

[doc("End it: no process, mount, interface or rule stays; its data does")]
[group("cluster")]
[no-cd]
sandbox-down *flags: environment
    @{{ homelab }} sandbox down "$@"

[doc("Judge what the stacks would deploy by our policies and by checkov; needs no cluster")]
[group("cluster")]
[no-cd]
check-manifests *flags: (environment "cluster" "checkov")
    @{{ homelab }} check-manifests --checkov "$@"

[doc("What `pulumi-up` of the phase --stack S would change; --diff shows every field")]
[group("cluster")]
[no-cd]
pulumi-preview *flags: (environment "cluster")
    @{{ homelab }} stack preview "$@"

[doc("Deploy the phase --stack S, or what has changed of it")]
[group("cluster")]
[no-cd]
pulumi-up *flags: (environment "cluster")
    @{{ homelab }} stack up "$@"

[doc("Whether the phase --stack S, phase0 too, does what it promises; waits for its pods")]
[group("cluster")]
[no-cd]
validate *flags: (environment "cluster")
    @{{ homelab }} validate "$@"

[doc("Questions about the samples, asked in the cluster by Promptfoo; 3 where an answer is not as it should be")]
[group("cluster")]
[no-cd]
promptfoo-eval *flags: (environment "cluster")
    @{{ homelab }} promptfoo-eval "$@"

[doc("Delete what the phase --stack S deployed; volumes stay")]
[group("cluster")]
[no-cd]
pulumi-down *flags: (environment "cluster")
    @{{ homelab }} stack down "$@"

[doc("Put documents in: files and folders")]
[group("documents")]
[no-cd]
ingest +paths: environment
    @{{ homelab }} ingest "$@"

[doc("The passages nearest to TEXT")]
[group("documents")]
[no-cd]
search +text: environment
    @{{ homelab }} search "$@"

[doc("An answer to TEXT with its citations")]
[group("documents")]
[no-cd]
ask +text: environment
    @{{ homelab }} ask "$@"

[doc("Rows from the graph of all documents, read-only")]
[group("documents")]
[no-cd]
sparql *query: environment
    @{{ homelab }} sparql "$@"

[doc("Take documents out, with everything made of them: ids, or the beginnings of ids")]
[group("documents")]
[no-cd]
forget +docs: environment
    @{{ homelab }} forget "$@"

[doc("Dead letters: list, show N, replay N… or all, purge N… or all")]
[group("documents")]
[no-cd]
dlq *flags: environment
    @{{ homelab }} dlq "$@"

[doc("Services, streams and counts")]
[group("documents")]
[no-cd]
status *flags: environment
    @{{ homelab }} status "$@"

[doc("Every test that needs only Python and the package registries")]
[group("develop")]
test *flags: (environment "dev" "litellm")
    @{{ bin }}/python -m pytest --numprocesses 2 --dist loadfile --ignore tests/engine --ignore tests/cluster "$@"

[doc("Engine and Kubernetes in short, as root: five kills, three hosts, from a PDF to an answer")]
[group("develop")]
test-cluster *flags: (environment "dev")
    @{{ bin }}/python -m pytest --numprocesses 2 "$@" \
        tests/cluster/test_platform{,_gateway,_models}.py tests/engine/test_{engine_kill,phases,sops}.py

[doc("Every test that needs Pulumi's engine, Kubernetes and root (about an hour)")]
[group("develop")]
test-cluster-long *flags: (environment "dev" "checkov")
    @{{ bin }}/python -m pytest --numprocesses 2 tests/engine tests/cluster "$@"

[doc("The fast tests, within a minute")]
[group("develop")]
test-unit *flags: (environment "dev")
    @{{ bin }}/python -m pytest tests/unit tests/repo "$@"

[doc("Every promise of the budget, each on 20,000 generated hosts")]
[group("develop")]
test-properties *flags: (environment "dev")
    @HYPOTHESIS_PROFILE=full {{ bin }}/python -m pytest --numprocesses 2 --timeout=0 tests/unit/test_properties.py "$@"

[doc("Change the ledger and the specs in 3,000 ways; a test must fail each time (under an hour; goes on if ended)")]
[group("develop")]
test-mutation: (environment "mutation")
    @PATH={{ bin }}:$PATH bash tests/mutation.sh

[doc("Lint, format and types; writes nothing")]
[group("develop")]
check: (environment "dev")
    @{{ bin }}/ruff check .
    @{{ bin }}/ruff format --check .
    @{{ bin }}/mypy
    @bash -n lab .ci/run && bash -n tests/mutation.sh
    @{{ quote(just_executable()) }} --fmt --check

[doc("Format")]
[group("develop")]
fmt: (environment "dev")
    @{{ bin }}/ruff check --fix .
    @{{ bin }}/ruff format .
    @{{ quote(just_executable()) }} --fmt

[doc("Build servers that no Python package carries; without a NAME, list them")]
[group("develop")]
[no-cd]
tools *names: environment
    @{{ homelab }} tools "$@"

[doc("Build our container images; --push to a registry, --import into k3s")]
[group("develop")]
[no-cd]
images *flags: environment
    @{{ homelab }} images "$@"

[doc("Measure how long planning takes, for 6 and for 1,000 hosts")]
[group("develop")]
bench-plan: (environment "dev")
    @{{ bin }}/python tests/bench_plan.py

[doc("Measure the deployment of all phases: a stack each, without checkpoints, in one stack")]
[group("develop")]
bench-stacks: (environment "dev")
    @PYTHONPATH=tests {{ bin }}/python tests/engine/bench_stacks.py

[doc("Kill the engine twenty times while it deploys; the next run must mend it")]
[group("develop")]
test-kills: (environment "dev")
    @KILLS=20 {{ bin }}/python -m pytest tests/engine/test_engine_kill.py --log-cli-level=INFO

[doc("Three nodes of a sandbox keep streams and objects together; one of them dies")]
[group("develop")]
test-three-nodes *flags: (environment "dev")
    @THREE_NODES=1 {{ bin }}/python -m pytest tests/cluster/test_three_nodes.py "$@"

[doc("Deploy every phase of every recorded machine twice, to an API server without nodes")]
[group("develop")]
test-hosts *flags: (environment "dev")
    @HOMELAB_HOSTS=all {{ bin }}/python -m pytest --numprocesses 2 --timeout=0 tests/engine/test_phases.py "$@"

[doc("Measure the embedder, then 100 documents through a platform of its own")]
[group("develop")]
bench *flags: (environment "dev" "litellm")
    #!/usr/bin/env -S bash -euo pipefail
    scratch=$(mktemp -d) && trap 'rm -rf "$scratch"' EXIT
    {{ bin }}/python -m embedder.bench
    {{ bin }}/python tests/corpus.py "$scratch/documents" > "$scratch/names"
    printf 'version: 1\nhosts: {desktop: {address: local}}\nlocal: {data_dir: data}\n' > "$scratch/lab.yaml"
    {{ homelab }} --lab "$scratch/lab.yaml" demo "$scratch/documents" --stop "$@"
