"""Ansible module: put a package in place below the environment's root, verified by its digest."""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule  # type: ignore[import-untyped]

from ..module_utils import gitmodel_rollout as rollout  # noqa: TID252 - the one form ansible and Python both read
from ..module_utils.gitmodel_layout import HostError, Layout, parse_program  # noqa: TID252
from ..module_utils.gitmodel_turn import turn  # noqa: TID252


def main() -> None:
    """Place the release."""
    module = AnsibleModule(
        argument_spec={
            "root": {"type": "path", "required": True},
            "turn": {"type": "str", "required": True},
            "source": {"type": "path", "required": True},
            "program": {"type": "dict", "required": True},
            "digest": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    layout = Layout(Path(module.params["root"]))
    try:
        program = parse_program(module.params["program"])
        if module.check_mode:
            module.exit_json(changed=not layout.release(program).is_dir())
        layout.make()
        with turn(layout, module.params["turn"], claim=True):
            source = Path(module.params["source"])
            changed = rollout.place_release(layout, program, source, module.params["digest"])
    except (HostError, OSError) as error:
        module.fail_json(msg=str(error), detail=getattr(error, "detail", ""))
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
