# Mutation testing of what is committed: `./lab test-mutation`. A run that was ended goes on where it was.
set -euo pipefail
scratch=$PWD/.tools/mutation-$(git rev-parse --short=12 HEAD)
export PYTHONPATH=$scratch/pulumi:$scratch/pipeline:$scratch/tests
if [[ ! -e $scratch/session.sqlite ]]; then
  mkdir -p "$scratch"
  git archive HEAD | tar --extract --directory "$scratch"
  cd "$scratch"
  rm -f begun.sqlite
  cosmic-ray init tests/mutation.toml begun.sqlite
  cr-filter-operators begun.sqlite tests/mutation.toml
  mv begun.sqlite session.sqlite
fi
cd "$scratch"
python tests/mutants.py session.sqlite
cr-report session.sqlite --surviving-only --show-diff
cr-rate session.sqlite --fail-over 10
rm -rf "$scratch"
