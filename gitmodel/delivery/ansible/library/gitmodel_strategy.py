"""Ansible module: a canary or a shadow of a model: its next step, a look at it, its end, or back."""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule  # type: ignore[import-untyped]

from ..module_utils import gitmodel_strategy as strategy  # noqa: TID252 - the one form ansible and Python both read
from ..module_utils.gitmodel_layout import HostError, Layout, parse_program  # noqa: TID252
from ..module_utils.gitmodel_turn import turn  # noqa: TID252


def main() -> None:
    """Do what is asked for."""
    module = AnsibleModule(
        argument_spec={
            "action": {"choices": ["look", *_ACTIONS], "required": True},
            "root": {"type": "path", "required": True},
            "units": {"type": "str", "default": ""},
            "turn": {"type": "str", "required": True},
            "program": {"type": "dict"},
            "model": {"type": "str", "default": ""},
            "kind": {"choices": [strategy.CANARY, strategy.SHADOW], "default": strategy.CANARY},
            "percent": {"type": "int", "default": 0},
            "done": {"type": "list", "elements": "dict", "default": []},
            "drain_seconds": {"type": "float", "default": 1.0},
        },
        required_if=[("action", "step", ("program", "percent"))],
    )
    given = module.params
    layout = Layout(Path(given["root"]), given["units"])
    try:
        if given["action"] == "look":  # asks, changes nothing, and need not wait for its turn
            module.exit_json(changed=False, look=strategy.look(layout, given["model"]))
        with turn(layout, given["turn"], claim=given["action"] != "step"):
            changed, notes = _ACTIONS[given["action"]](layout, given)
    except (HostError, OSError) as error:
        module.fail_json(msg=str(error), detail=getattr(error, "detail", ""))
    module.exit_json(changed=changed, notes=notes)


def _step(layout: Layout, given: dict[str, Any]) -> tuple[bool, str]:
    program = parse_program(given["program"])
    return strategy.step(layout, program, given["kind"], given["percent"], given["done"]), ""


def _settle(layout: Layout, given: dict[str, Any]) -> tuple[bool, str]:
    return strategy.settle(layout, given["model"]), ""


def _abort(layout: Layout, given: dict[str, Any]) -> tuple[bool, str]:
    stopped = strategy.abort(layout, given["model"], given["drain_seconds"])
    return stopped is not None, f"stopped {stopped.name}" if stopped else ""


_ACTIONS = {"step": _step, "settle": _settle, "abort": _abort}

if __name__ == "__main__":
    main()
