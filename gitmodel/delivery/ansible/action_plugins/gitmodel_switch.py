"""Have a version started and switched to on a host, which is sent what it lacks first, in one archive.

It runs where gitmodel does. A host that lacks nothing is asked once. Hosts that lack the same are sent the
same archive, made once a rollout.
"""

import fcntl
import hashlib
import json
import os
import posixpath
import tarfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail  # type: ignore[import-untyped]
from ansible.plugins.action import ActionBase  # type: ignore[import-untyped]

from gitmodel.delivery.ansible.action_plugins.gitmodel_ask import read_request

# What a module is given of a request, and of the part of it that is for hosts of a kind.
_TAKES = (
    "root",
    "units",
    "turn",
    "host",
    "port",
    "environment",
    "smoke",
    "ready_seconds",
    "limits",
    "share",
    "tls",
)
_OF_PART = ("cargo", "router", "command")


class ActionModule(ActionBase):  # type: ignore[misc]
    """Everything is in the request, but for ``secrets``: what the inventory (or its vault) knows of them."""

    TRANSFERS_FILES = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:  # noqa: ARG002 - ansible's own
        """Ask what is missing, send it, and ask again."""
        request = read_request()
        part = request["parts"][request["hosts"][str(task_vars["inventory_hostname"])]]
        given = {name: request[name] for name in _TAKES} | {name: part[name] for name in _OF_PART}
        given["secrets"] = secrets_of(request["secrets"], self._task.args.get("secrets") or {})
        asked = self._ask(given, task_vars)
        lacks = asked.get("missing")
        if not lacks or self._task.check_mode:
            return asked
        begun = time.monotonic()
        archive = make_archive(Path(request["workspace"]), given["cargo"], part["sources"], lacks)
        folder = self._make_tmp_path()
        try:
            there = self._transfer_file(str(archive), posixpath.join(folder, "cargo.tar"))
            seconds = round(time.monotonic() - begun, 2)
            answer = self._ask({**given, "archive": there}, task_vars)
        finally:
            self._remove_tmp_path(folder)
        if "phases" in answer:
            answer["phases"] = {"send": seconds, **answer["phases"]}
        return answer

    def _ask(self, given: Mapping[str, Any], task_vars: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._execute_module(
            module_name="gitmodel_switch", module_args=dict(given), task_vars=task_vars
        )
        return answer


def secrets_of(names: Iterable[str], known: Mapping[str, Any]) -> dict[str, str]:
    """Return the value of each secret, from the inventory or the environment of this process.

    Raises:
        AnsibleActionFail: If one has none.
    """
    found = {name: str(known[name]) if name in known else os.environ.get(name) for name in names}
    lacking = ", ".join(sorted(name for name, value in found.items() if value is None))
    if lacking:
        raise AnsibleActionFail(
            f"no value for {lacking}: set it in this command's environment, "
            "or in `gitmodel_secrets` of the inventory's variables"
        )
    return {name: value for name, value in found.items() if value is not None}


def make_archive(
    workspace: Path, cargo: Mapping[str, Any], sources: Mapping[str, str], parts: Iterable[str]
) -> Path:
    """Return an archive with parts of a cargo, made unless this rollout has made it before."""
    content = json.dumps([cargo, sorted(parts)], sort_keys=True)
    archive = workspace / f"cargo-{hashlib.sha256(content.encode()).hexdigest()[:16]}.tar"
    with (workspace / "cargo.lock").open("w") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        if not archive.is_file():
            new = archive.with_suffix(".new")
            with tarfile.open(new, "w") as tar:
                for part in parts:
                    for name, file in _files(part, cargo, Path(sources[part])):
                        tar.add(file, f"{part}/{name}", recursive=False)
            new.replace(archive)
    return archive


def _files(part: str, cargo: Mapping[str, Any], folder: Path) -> Iterable[tuple[str, Path]]:
    if part != "release":
        return [(name, folder / name) for name in sorted(cargo[part])]
    return [(str(path.relative_to(folder)), path) for path in sorted(folder.rglob("*")) if path.is_file()]
