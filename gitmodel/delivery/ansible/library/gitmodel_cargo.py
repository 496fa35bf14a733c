"""Ansible module: what of a cargo a host lacks, and installing what was sent. See the action plugin."""

import os
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule  # type: ignore[import-untyped]

from ..module_utils.gitmodel_cargo import (  # noqa: TID252 - the one form ansible and Python both read
    missing,
    parse_cargo,
    unload,
)
from ..module_utils.gitmodel_layout import HostError, Layout  # noqa: TID252
from ..module_utils.gitmodel_turn import turn  # noqa: TID252


def main() -> None:
    """Say what is missing, or unload an archive."""
    module = AnsibleModule(
        argument_spec={
            "root": {"type": "path", "required": True},
            "units": {"type": "str", "default": ""},
            "turn": {"type": "str", "required": True},
            "cargo": {"type": "dict", "required": True},
            "archive": {"type": "path", "default": ""},
        },
        supports_check_mode=True,
    )
    given = module.params
    layout = Layout(Path(given["root"]), given["units"])
    os.umask(0o022)  # services run as another user than root
    try:
        cargo = parse_cargo(given["cargo"])
        if not given["archive"]:
            module.exit_json(changed=False, missing=missing(layout, cargo))
        with turn(layout, given["turn"], claim=True):
            done = unload(layout, cargo, Path(given["archive"]))
    except (HostError, OSError) as error:
        module.fail_json(msg=str(error), detail=getattr(error, "detail", ""))
    module.exit_json(changed=bool(done), notes=f"sent {', '.join(done)}" if done else "")


if __name__ == "__main__":
    main()
