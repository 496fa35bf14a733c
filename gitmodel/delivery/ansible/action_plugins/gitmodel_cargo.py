"""Send a host what it lacks of a cargo, in one archive, and have it installed there.

It runs where gitmodel does. Hosts that lack the same are sent the same archive, made once a rollout.
"""

import fcntl
import hashlib
import json
import posixpath
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase  # type: ignore[import-untyped]


class ActionModule(ActionBase):  # type: ignore[misc]
    """Arguments: those of the module, ``sources`` (the folders of each part) and ``workspace``."""

    TRANSFERS_FILES = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:  # noqa: ARG002 - ansible's own
        """Send and install."""
        given = dict(self._task.args)
        sources, workspace = given.pop("sources"), Path(given.pop("workspace"))
        asked: dict[str, Any] = self._execute_module(
            module_name="gitmodel_cargo", module_args=given, task_vars=task_vars
        )
        lacks = asked.get("missing")
        if not lacks or self._task.check_mode:
            return {**asked, "changed": bool(lacks)}
        archive = make_archive(workspace, given["cargo"], sources, lacks)
        folder = self._make_tmp_path()
        try:
            there = self._transfer_file(str(archive), posixpath.join(folder, "cargo.tar"))
            answer: dict[str, Any] = self._execute_module(
                module_name="gitmodel_cargo", module_args={**given, "archive": there}, task_vars=task_vars
            )
        finally:
            self._remove_tmp_path(folder)
        return answer


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
