"""Ansible module: see to it that what keeps the services of an environment, and its router, run."""

import os
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule  # type: ignore[import-untyped]

from ..module_utils import gitmodel_router as router  # noqa: TID252 - the one form ansible and Python both read
from ..module_utils.gitmodel_keeper import keeper  # noqa: TID252
from ..module_utils.gitmodel_layout import HostError, Layout  # noqa: TID252
from ..module_utils.gitmodel_turn import turn  # noqa: TID252


def main() -> None:
    """Bring both up; adopt what runs."""
    module = AnsibleModule(
        argument_spec={
            "root": {"type": "path", "required": True},
            "units": {"type": "str", "default": ""},
            "turn": {"type": "str", "required": True},
            "host": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
            "python": {"type": "path", "default": ""},
            "router": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    given = module.params
    layout = Layout(Path(given["root"]), given["units"])
    if layout.units:
        os.umask(0o022)  # services run as another user than root
    try:
        if module.check_mode:
            module.exit_json(changed=not keeper(layout).answers())
        layout.make()
        with turn(layout, given["turn"], claim=True):
            notes = keeper(layout).bring_up(
                given["python"], lambda: router.refuse_taken(given["host"], given["port"])
            )
            changed = router.ensure(layout, given["host"], given["port"], given["router"])
    except (HostError, OSError) as error:
        module.fail_json(msg=str(error), detail=getattr(error, "detail", ""))
    module.exit_json(changed=changed or bool(notes), notes=notes)


if __name__ == "__main__":
    main()
