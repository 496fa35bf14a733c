"""Ansible module: what runs on a host of all models, or the end of one of them."""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule  # type: ignore[import-untyped]

from ..module_utils.gitmodel_layout import HostError, Layout  # noqa: TID252 - as ansible and Python both read
from ..module_utils.gitmodel_observing import observe  # noqa: TID252
from ..module_utils.gitmodel_removal import remove  # noqa: TID252
from ..module_utils.gitmodel_turn import turn  # noqa: TID252


def main() -> None:
    """Look, or remove a model."""
    module = AnsibleModule(
        argument_spec={
            "state": {"choices": ["observed", "removed"], "default": "observed"},
            "root": {"type": "path", "required": True},
            "units": {"type": "str", "default": ""},
            "host": {"type": "str", "default": ""},
            "port": {"type": "int", "default": 0},
            "address": {"type": "str", "default": ""},
            "turn": {"type": "str", "default": ""},
            "model": {"type": "str", "default": ""},
            "drain_seconds": {"type": "float", "default": 1.0},
            "forget": {"type": "bool", "default": False},
        },
        required_if=[("state", "observed", ("host", "port")), ("state", "removed", ("turn", "model"))],
    )
    given = module.params
    layout = Layout(Path(given["root"]), given["units"])
    try:
        if given["state"] == "observed":
            found = observe(layout, given["host"], given["port"])
            module.exit_json(changed=False, observed={**found, "address": given["address"]})
        done = []
        if layout.root.is_dir():
            with turn(layout, given["turn"], claim=True):
                done = remove(layout, given["model"], given["drain_seconds"], forget=given["forget"])
    except (HostError, OSError) as error:
        module.fail_json(msg=str(error), detail=getattr(error, "detail", ""))
    module.exit_json(changed=bool(done), msg=", ".join(done))


if __name__ == "__main__":
    main()
