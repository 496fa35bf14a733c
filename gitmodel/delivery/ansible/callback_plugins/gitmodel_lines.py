"""Print what ansible does as marked lines of JSON, one a finished task, for `gitmodel.delivery.playbook`."""

import json
import sys
from typing import Any

from ansible.plugins.callback import CallbackBase  # type: ignore[import-untyped]

DOCUMENTATION = """
    name: gitmodel_lines
    type: stdout
    short_description: one marked line of JSON a finished task
    description: ansible-core has no callback that prints results as they come in a form programs can read.
"""
MARK = "@gitmodel "
_SHOWN = (
    "msg",
    "detail",
    "bad_version",
    "changed",
    "collected",
    "look",
    "notes",
    "observed",
    "phases",
    "exception",
    "rescued",
    "module_stdout",
    "module_stderr",
)


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """One line of JSON a finished task: ``task``, ``host``, ``status`` and what the module returned."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "gitmodel_lines"

    def v2_runner_on_ok(self, result: Any) -> None:
        """Print a task that did its work; to include others is none."""
        if not str(result.task.action).endswith("include_role"):
            self._line(result, "ok")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Print a task that failed."""
        self._line(result, "failed")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Print a host that did not answer."""
        self._line(result, "unreachable")

    def _line(self, result: Any, status: str) -> None:
        returned = {name: value for name, value in result.result.items() if name in _SHOWN}
        line = {"task": result.task.name, "host": result.host.name, "status": status, "result": returned}
        sys.stdout.write(MARK + json.dumps(line, default=str) + "\n")
        sys.stdout.flush()
