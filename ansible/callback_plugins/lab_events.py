"""A playbook's run as lines of JSON on standard output, for `homelab audit`; people use Ansible's own output.

{"event": "task", "task"}, {"event": "host", "host", "task", "state", "message"} and at the end
{"event": "recap", "hosts": {host: {"ok", "changed", "failures", "unreachable"}}}.
"""

import json
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: lab_events
type: stdout
short_description: Events as lines of JSON
description: [One line for each task, host result and recap.]
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "lab_events"

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._say(event="task", task=task.name)

    def v2_runner_on_ok(self, result: Any) -> None:
        self._host(result, "changed" if result.result.get("changed") else "ok")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._host(result, "failed")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._host(result, "unreachable")

    def v2_playbook_on_stats(self, stats: Any) -> None:
        kept = ("ok", "changed", "failures", "unreachable")
        hosts = {host: stats.summarize(host) for host in sorted(stats.processed)}
        self._say(event="recap", hosts={host: {key: sums[key] for key in kept} for host, sums in hosts.items()})

    def _host(self, result: Any, state: str) -> None:
        said = [result.result, *result.result.get("results", ())]  # a loop tells its failures per item
        texts = [str(part.get(key) or "") for part in said for key in ("module_stderr", "stderr", "msg")]
        message = "\n".join(dict.fromkeys(text.strip() for text in texts if text.strip()))
        self._say(event="host", host=result.host.get_name(), task=result.task.name, state=state, message=message)

    def _say(self, **event: Any) -> None:
        self._display.display(json.dumps(event))
