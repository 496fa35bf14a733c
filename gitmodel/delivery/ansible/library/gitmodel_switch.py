"""Ansible module: one version of a model on a host that runs systemd, from its cargo to its first request.

All steps are one module, as each module costs a way to the host and a start of Python there. See the action
plugin of the same name, which sends what is missing.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule  # type: ignore[import-untyped]

from ..module_utils import gitmodel_rollout as rollout  # noqa: TID252 - the one form ansible and Python both read
from ..module_utils import gitmodel_router as router  # noqa: TID252
from ..module_utils import gitmodel_strategy as strategy  # noqa: TID252
from ..module_utils.gitmodel_cargo import missing, parse_cargo, unload  # noqa: TID252
from ..module_utils.gitmodel_keeper import keeper  # noqa: TID252
from ..module_utils.gitmodel_layout import (  # noqa: TID252
    HostError,
    Layout,
    Program,
    VersionError,
    read_programs,
)
from ..module_utils.gitmodel_turn import turn  # noqa: TID252


def main() -> None:
    """Say what is missing, or unload it, start the version beside the old one, and send it requests."""
    module = AnsibleModule(
        argument_spec={
            "root": {"type": "path", "required": True},
            "units": {"type": "str", "required": True},
            "turn": {"type": "str", "required": True},
            "cargo": {"type": "dict", "required": True},
            "archive": {"type": "path", "default": ""},
            "host": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
            "router": {"type": "path", "required": True},
            "environment": {"type": "str", "required": True},
            "command": {"type": "list", "elements": "str", "required": True},
            "smoke": {"type": "list", "elements": "dict", "default": []},
            "ready_seconds": {"type": "float", "required": True},
            "limits": {"type": "dict", "default": {}},
            "share": {"type": "dict", "default": {}},
            "tls": {"type": "dict", "default": {}},
            "secrets": {"type": "dict", "default": {}, "no_log": True},
        },
        supports_check_mode=True,
    )
    given = module.params
    layout = Layout(Path(given["root"]), given["units"])
    os.umask(0o022)  # services run as another user than root
    phases: dict[str, float] = {}
    try:
        cargo = parse_cargo(given["cargo"])
        lacks = missing(layout, cargo)
        if module.check_mode or (lacks and not given["archive"]):
            changed = bool(lacks) or cargo.program.name not in read_programs(layout)
            module.exit_json(changed=changed, missing=lacks)
        with turn(layout, given["turn"], claim=True):
            with _timed(phases, "install"):
                sent = unload(layout, cargo, Path(given["archive"])) if lacks else []
            with _timed(phases, "router"):
                made, changed = _bring_up(layout, given)
            changed |= _start_and_route(layout, cargo.program, cargo.tree, given, phases)
    except (HostError, OSError) as error:
        at_fault = isinstance(error, VersionError)
        module.fail_json(msg=str(error), detail=getattr(error, "detail", ""), bad_version=at_fault)
    checked = f"{len(given['smoke'])} smoke predictions as expected"
    notes = [f"sent {', '.join(sent)}" if sent else "", made, checked]
    module.exit_json(changed=changed or bool(sent), notes="; ".join(filter(None, notes)), phases=phases)


def _bring_up(layout: Layout, given: dict[str, Any]) -> tuple[str, bool]:
    layout.make()
    made = keeper(layout).bring_up("", lambda: router.refuse_taken(given["host"], given["port"]))
    return made, router.ensure(layout, given["host"], given["port"], given["router"], given["tls"])


def _start_and_route(
    layout: Layout, program: Program, tree: str, given: dict[str, Any], phases: dict[str, float]
) -> bool:
    """Start a version and send it its requests; one that gets none is stopped again, whatever happened."""
    try:
        with _timed(phases, "start"):
            rollout.check_release(layout, program, tree)
            changed = rollout.start(
                layout,
                program,
                given["command"],
                given["smoke"],
                given["ready_seconds"],
                variables=rollout.variables_of(given["environment"]),
                limits=given["limits"],
                secrets=given["secrets"],
            )
        with _timed(phases, "switch"):
            share = given["share"]
            if share:
                parts = (str(share["kind"]), int(share["percent"]), share["done"])
                return strategy.step(layout, program, *parts) or changed
            placed = read_programs(layout)[program.name]
            return router.switch(layout, placed, given["host"], given["port"]) or changed
    except BaseException:
        with suppress(
            HostError, OSError
        ):  # the first error is the one to tell; `reconcile` finds what is left
            rollout.discard(layout, program)
        raise


@contextmanager
def _timed(phases: dict[str, float], name: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    phases[name] = round(time.monotonic() - begun, 2)


if __name__ == "__main__":
    main()
