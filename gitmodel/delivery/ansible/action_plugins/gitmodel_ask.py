"""Have a module of ours do its part of a request, which is a JSON file named by ``GITMODEL_ROLLOUT``.

The request is read here and not by templates: each reference to a variable would read and convert all of it
once more, which took half of the time of a rollout.
"""

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase  # type: ignore[import-untyped]

REQUEST = "GITMODEL_ROLLOUT"


class ActionModule(ActionBase):  # type: ignore[misc]
    """Arguments: ``module``, ``takes`` (fields of the request that it is given), and others of the module."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:  # noqa: ARG002 - ansible's own
        """Ask."""
        given = dict(self._task.args)
        module, request = given.pop("module"), read_request()
        taken = {name: request[name] for name in given.pop("takes")}
        answer: dict[str, Any] = self._execute_module(
            module_name=module, module_args={**taken, **given}, task_vars=task_vars
        )
        return answer


def read_request() -> dict[str, Any]:
    """Return what is asked for."""
    return dict(json.loads(Path(os.environ[REQUEST]).read_text("utf-8")))
