"""Ansible module: send a model's requests to one of its services by one rename, and see it answer."""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule  # type: ignore[import-untyped]

from ..module_utils import gitmodel_router as router  # noqa: TID252 - the one form ansible and Python both read
from ..module_utils.gitmodel_layout import HostError, Layout, parse_program, read_programs  # noqa: TID252
from ..module_utils.gitmodel_turn import turn  # noqa: TID252


def main() -> None:
    """Switch and verify; put back where it does not answer."""
    module = AnsibleModule(
        argument_spec={
            "root": {"type": "path", "required": True},
            "units": {"type": "str", "default": ""},
            "turn": {"type": "str", "required": True},
            "program": {"type": "dict", "required": True},
            "host": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
        },
        supports_check_mode=True,
    )
    layout = Layout(Path(module.params["root"]), module.params["units"])
    try:
        program = parse_program(module.params["program"])
        placed = read_programs(layout).get(program.name)
        if module.check_mode:
            module.exit_json(changed=placed is None or placed not in router.routed(layout, program.model))
        with turn(layout, module.params["turn"]):
            if placed is None:
                raise HostError(f"{program.name} does not run on this host")  # noqa: TRY301 - one way out
            changed = router.switch(layout, placed, module.params["host"], module.params["port"])
    except (HostError, OSError) as error:
        module.fail_json(msg=str(error), detail=getattr(error, "detail", ""))
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
