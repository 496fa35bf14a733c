"""Ansible module: one version of a model as a service: started and checked, given up, or alone."""

import os
import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule  # type: ignore[import-untyped]

from ..module_utils import gitmodel_rollout as rollout  # noqa: TID252 - the one form ansible and Python both read
from ..module_utils.gitmodel_cargo import prune  # noqa: TID252
from ..module_utils.gitmodel_keeper import keeper  # noqa: TID252
from ..module_utils.gitmodel_layout import (  # noqa: TID252
    HostError,
    Layout,
    Program,
    VersionError,
    parse_program,
    read_programs,
)
from ..module_utils.gitmodel_turn import turn  # noqa: TID252


def main() -> None:
    """Bring the service into the state that is asked for."""
    module = AnsibleModule(
        argument_spec={
            "state": {"choices": ["started", "unrouted_absent", "alone"], "required": True},
            "root": {"type": "path", "required": True},
            "units": {"type": "str", "default": ""},
            "turn": {"type": "str", "required": True},
            "program": {"type": "dict", "required": True},
            "source": {"type": "path"},
            "tree": {"type": "str"},
            "environment": {"type": "str", "default": ""},
            "command": {"type": "list", "elements": "str"},
            "smoke": {"type": "list", "elements": "dict", "default": []},
            "ready_seconds": {"type": "float", "default": 60.0},
            "drain_seconds": {"type": "float", "default": 1.0},
            "keep_releases": {"type": "int", "default": 3},
        },
        required_if=[("state", "started", ("source", "tree", "command"))],
        supports_check_mode=True,
    )
    layout = Layout(Path(module.params["root"]), module.params["units"])
    if layout.units:
        os.umask(0o022)  # services run as another user than root
    try:
        program = parse_program(module.params["program"])
        if module.check_mode:
            module.exit_json(changed=_would_change(layout, program, module.params["state"]))
        with turn(layout, module.params["turn"]):
            changed, notes = _STATES[module.params["state"]](layout, program, module.params)
    except (HostError, OSError) as error:
        at_fault = isinstance(error, VersionError)
        module.fail_json(msg=str(error), detail=getattr(error, "detail", ""), bad_version=at_fault)
    module.exit_json(changed=changed, notes=notes, others=len(rollout.others(layout, program)))


def _started(layout: Layout, program: Program, given: dict[str, Any]) -> tuple[bool, str]:
    is_spoilt = rollout.is_changed(layout, program)
    if rollout.place_release(layout, program, Path(given["source"]), given["tree"]) and is_spoilt:
        keeper(layout).remove(program.name)  # it may have been started from other files
    changed = rollout.start(
        layout,
        program,
        given["command"],
        given["smoke"],
        given["ready_seconds"],
        variables=rollout.variables_of(given["environment"]),
    )
    port = read_programs(layout)[program.name].port
    return changed, f"ready on port {port}, {len(given['smoke'])} smoke predictions as expected"


def _unrouted_absent(layout: Layout, program: Program, _given: dict[str, Any]) -> tuple[bool, str]:
    return rollout.discard(layout, program), ""


def _alone(layout: Layout, program: Program, given: dict[str, Any]) -> tuple[bool, str]:
    if rollout.others(layout, program):
        time.sleep(given["drain_seconds"])
    stopped = rollout.retire_others(layout, program, given["keep_releases"])
    if layout.units:
        prune(layout)
    return bool(stopped), f"stopped {', '.join(stopped)}" if stopped else ""


def _would_change(layout: Layout, program: Program, state: str) -> bool:
    if state == "alone":
        return bool(rollout.others(layout, program))
    return (program.name in read_programs(layout)) != (state == "started")


_STATES = {"started": _started, "unrouted_absent": _unrouted_absent, "alone": _alone}

if __name__ == "__main__":
    main()
