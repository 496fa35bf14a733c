"""Ansible module: what runs of a model on a host, and what kind of host it is. It changes nothing."""

import platform
import sys
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule  # type: ignore[import-untyped]

from ..module_utils import gitmodel_router as router  # noqa: TID252 - the one form ansible and Python both read
from ..module_utils.gitmodel_keeper import keeper  # noqa: TID252
from ..module_utils.gitmodel_layout import HostError, Layout, parse_program, read_programs  # noqa: TID252
from ..module_utils.gitmodel_observing import changed_files  # noqa: TID252


def main() -> None:
    """Look."""
    module = AnsibleModule(
        argument_spec={
            "root": {"type": "path", "required": True},
            "units": {"type": "str", "default": ""},
            "model": {"type": "str", "required": True},
            "host": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
            "address": {"type": "str", "default": ""},
            "program": {"type": "dict"},
            "tree": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    given = module.params
    layout, model = Layout(Path(given["root"]), given["units"]), given["model"]
    try:
        weights = router.routed(layout, model)
        programs = [program for program in read_programs(layout).values() if program.model == model]
        observed = {
            "kept": keeper(layout).answers(),
            "routed": [[program.as_json(), weight] for program, weight in weights.items()],
            "programs": [program.as_json() for program in programs],
            "answer": router.version(layout, given["host"], given["port"], model) if weights else None,
            "python": "{}.{}".format(*sys.version_info[:2]),
            "machine": platform.machine(),
            "address": given["address"],
            "changed": changed_files(
                layout, parse_program(given["program"]), given["host"], given["port"], given["tree"]
            )
            if given["tree"]
            else [],
        }
    except (HostError, OSError) as error:
        module.fail_json(msg=str(error), detail=getattr(error, "detail", ""))
    module.exit_json(changed=False, observed=observed)


if __name__ == "__main__":
    main()
