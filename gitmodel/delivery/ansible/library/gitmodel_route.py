"""Ansible module: send a model's requests to one of its services by one rename, or back; see it answer."""

import os
import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule  # type: ignore[import-untyped]

from ..module_utils import gitmodel_router as router  # noqa: TID252 - the one form ansible and Python both read
from ..module_utils.gitmodel_layout import (  # noqa: TID252
    HostError,
    Layout,
    Program,
    parse_program,
    read_programs,
)
from ..module_utils.gitmodel_probe import is_version, wait  # noqa: TID252
from ..module_utils.gitmodel_turn import turn  # noqa: TID252


def main() -> None:
    """Switch and verify; put back where it does not answer."""
    module = AnsibleModule(
        argument_spec={
            "state": {"choices": ["routed", "back"], "default": "routed"},
            "root": {"type": "path", "required": True},
            "units": {"type": "str", "default": ""},
            "turn": {"type": "str", "required": True},
            "program": {"type": "dict", "required": True},
            "host": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
            "drain_seconds": {"type": "float", "default": 1.0},
        },
        supports_check_mode=True,
    )
    layout = Layout(Path(module.params["root"]), module.params["units"])
    if layout.units:
        os.umask(0o022)  # services run as another user than root
    try:
        program = parse_program(module.params["program"])
        placed = read_programs(layout).get(program.name)
        if module.check_mode:
            module.exit_json(changed=placed is None or placed not in router.routed(layout, program.model))
        with turn(layout, module.params["turn"]):
            if module.params["state"] == "back":
                module.exit_json(**_back(layout, program, module.params))
            if placed is None:
                raise HostError(f"{program.name} does not run on this host")  # noqa: TRY301 - one way out
            changed = router.switch(layout, placed, module.params["host"], module.params["port"])
    except (HostError, OSError) as error:
        module.fail_json(msg=str(error), detail=getattr(error, "detail", ""))
    module.exit_json(changed=changed)


def _back(layout: Layout, program: Program, given: dict[str, Any]) -> dict[str, Any]:
    """Undo a switch to a program, and give it the time to end its requests."""
    placed = read_programs(layout).get(program.name, program)
    where = (layout, given["host"], given["port"], program.model)
    changed = placed in router.routed(layout, program.model)
    if changed:
        router.put_back(layout, placed)
        if placed in router.routed(layout, program.model):
            raise HostError(f"{program.model} stays at v{program.version}: the version before is gone")
        wait(lambda: not is_version(router.version(*where), placed), 5)
        time.sleep(given["drain_seconds"])
    runs = " and ".join(f"v{each.version}" for each in router.routed(layout, program.model))
    return {"changed": changed, "notes": f"{runs} runs" if runs else "nothing runs"}


if __name__ == "__main__":
    main()
