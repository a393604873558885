"""promptfooconfig.yaml: questions about the samples, to our API and, where there is one, to the chat model alone.

The samples must have been ingested: `./lab ingest samples`.
"""

from typing import Any, NamedTuple

import yaml

from homelab.config.litellm import CHAT

KEY = "LITELLM_API_KEY"
"""The variable that holds LiteLLM's key."""

API, MODEL = "our API", "the chat model alone"

TIMEOUT_MS = 120_000
"""Of one answer: what LiteLLM waits for a model, and the search before it."""

FAILED = 3
"""What it ends with when an assertion does not hold, as all our programs do."""

ENVIRONMENT = {
    "PROMPTFOO_DISABLE_TELEMETRY": "1",
    "PROMPTFOO_DISABLE_UPDATE": "1",
    "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
    "PROMPTFOO_DISABLE_SHARING": "1",
    "PROMPTFOO_FAILED_TEST_EXIT_CODE": str(FAILED),
    "REQUEST_TIMEOUT_MS": str(TIMEOUT_MS),
}


class Case(NamedTuple):
    """`says` must stand in a passage of the document `of`, which the answer must cite where a model wrote one."""

    question: str
    of: str
    says: str


CASES = (
    Case("How long does the UPS carry the NAS alone?", "power.md", "74 minutes"),
    Case("At what pressure must the circuit of the heating be?", "heating.md", "1.2 and 1.8 bar"),
    Case("Which disk began to return read errors in the night of 14 March?", "incident-2026-03-14.txt", "bay 3"),
)
"""Each has one answer, in one of the samples, in words that the question does not hold."""

FOUND = """\
// Whether a passage of the document `of` says `says`, and the answer of a model cites one.
// The score is the reciprocal rank of that passage.
module.exports = function found(output, context) {
  const { of, says, chat } = context.config;
  const passages = output.passages || [];
  const place = passages.findIndex((one) => one.uri.endsWith(of) && one.text.includes(says));
  if (place < 0) {
    return { pass: false, score: 0, reason: `no passage of ${of} says ${says}: ./lab ingest samples` };
  }
  const score = 1 / (place + 1);
  if (chat && !/\\[\\d+\\]/.test(output.answer || '')) {
    return { pass: false, score, reason: `passage ${place + 1} says ${says}, and the answer cites nothing` };
  }
  return { pass: true, score, reason: `passage ${place + 1} says ${says}` + (chat ? '; the answer cites' : '') };
};
"""
"""An assertion about an answer of our API."""

REPORT = """\
// Each outcome as a line of JSON, as `python -m pipeline.checks` prints its own.
module.exports = async function report(hook, context) {
  if (hook !== 'afterEach') return;
  const { test, result } = context;
  const provider = (result.provider && (result.provider.label || result.provider.id)) || '';
  const graded = result.gradingResult || {};
  const [first] = graded.componentResults || [];
  const evidence = (first && first.reason) || result.error || graded.reason || 'answered';
  console.log(JSON.stringify({
    name: provider + ': ' + test.description,
    held: result.success,
    evidence: String(evidence).split(/\\s+/).join(' ').slice(0, 300),
  }));
};
"""
"""The extension that promptfoo calls after each test."""


def render(*, api_url: str, litellm_url: str, chat: bool) -> dict[str, str]:
    """File → its text; `chat`: there is a chat model, whose answers are asked for citations."""
    providers: list[dict[str, Any]] = [_api(api_url)]
    tests = [_asked(case, chat=chat) for case in CASES]
    if chat:
        providers.append(_model(litellm_url))
        tests.append(_alive())
    document = {
        "description": "questions about the samples",
        "prompts": ["{{question}}"],
        "providers": providers,
        "tests": tests,
        "extensions": ["file://report.js:report"],
        "evaluateOptions": {"maxConcurrency": 1, "cache": False},
        "commandLineOptions": {"table": False, "share": False, "write": False, "progressBar": False},
    }
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)
    return {"promptfooconfig.yaml": text, "found.js": FOUND, "report.js": REPORT}


def _api(url: str) -> dict[str, Any]:
    config = {
        "url": f"{url}/v1/ask",
        "method": "POST",
        "headers": {"Content-Type": "application/json"},
        "body": {"question": "{{prompt}}"},
        "transformResponse": "json",
    }
    return {"id": "http", "label": API, "config": config}


def _model(url: str) -> dict[str, Any]:
    config = {"apiBaseUrl": f"{url}/v1", "apiKeyEnvar": KEY, "max_tokens": 64, "temperature": 0}
    return {"id": f"openai:chat:{CHAT}", "label": MODEL, "config": config}


def _asked(case: Case, *, chat: bool) -> dict[str, Any]:
    told = {"of": case.of, "says": case.says, "chat": chat}
    return {
        "description": case.question,
        "vars": {"question": case.question},
        "providers": [API],
        "assert": [{"type": "javascript", "value": "file://found.js", "config": told}],
    }


def _alive() -> dict[str, Any]:
    """It answers at all: without the house's documents there is nothing about the house to ask it."""
    return {
        "description": "says something",
        "vars": {"question": "Say yes."},
        "providers": [MODEL],
        "assert": [{"type": "javascript", "value": "String(output).trim().length > 0"}],
    }
