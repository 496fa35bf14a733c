"""Bring a host's segments here: ask the module of the same name for rounds, and append them to the copies.

It runs where gitmodel does. The lock is taken by who writes: the ansible of a killed command may go on.
"""

import fcntl
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ansible.errors import AnsibleActionFail  # type: ignore[import-untyped]
from ansible.plugins.action import ActionBase  # type: ignore[import-untyped]

from gitmodel.delivery.ansible.module_utils.gitmodel_segments import KINDS, Chunk, parse_chunk, place_of
from gitmodel.metrics.pruned import read_pruned


class ActionModule(ActionBase):  # type: ignore[misc]
    """Arguments: ``root`` on the host, ``into`` on this machine, ``model`` ("" is every one)."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:  # noqa: ARG002 - ansible's own
        """Collect from one host."""
        given = self._task.args
        host = quote(str(task_vars["inventory_hostname"]), safe="")
        if host in {".", ".."}:
            raise AnsibleActionFail(f"{host!r} is not the name of a host")
        folder = Path(given["into"]) / host
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return self._collect(folder, given, task_vars)

    def _collect(self, folder: Path, given: dict[str, Any], task_vars: Any) -> dict[str, Any]:
        lines = size = 0
        touched: set[str] = set()
        more = True
        while more:
            asked = {"root": given["root"], "model": given["model"], "known": json.dumps(lengths(folder))}
            answer: dict[str, Any] = self._execute_module(
                module_name="gitmodel_segments", module_args=asked, task_vars=task_vars
            )
            if answer.get("failed") or answer.get("unreachable"):
                return answer
            chunks = [parse_chunk(fields) for fields in answer["chunks"]]
            for chunk in chunks:
                append(folder, chunk)
                touched.add(chunk.path)
                lines += chunk.data.count(b"\n")
                size += len(chunk.data)
            more = bool(answer["more"] and chunks)
        collected = {"segments": len(touched), "lines": lines, "bytes": size}
        return {"changed": bool(lines), "collected": collected}


def lengths(folder: Path) -> dict[str, int]:
    """Return how long each copy below a host's folder is, by the path that the host knows it by."""
    found: dict[str, int] = {}
    for kind in KINDS:
        for own in (folder / kind).glob("*/"):
            here = {file.name: file.stat().st_size for file in own.glob("*.jsonl")}
            gone = read_pruned(own)
            for name in {**gone, **here}:
                found[f"{kind}/{own.name}/{name}"] = gone.get(name, 0) + here.get(name, 0)
    return found


def append(folder: Path, chunk: Chunk) -> None:
    """Put lines at the end of a copy, which must end where they begin."""
    place = place_of(chunk.path)
    if place is None:
        raise AnsibleActionFail(f"the host names {chunk.path!r}, which is no segment")
    file = folder / place
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as out:
        length = out.tell() + read_pruned(file.parent).get(file.name, 0)
        if length != chunk.start:
            raise AnsibleActionFail(f"{place} has {length} bytes, the host went on at {chunk.start}")
        out.write(chunk.data)
        out.flush()
        os.fsync(out.fileno())
