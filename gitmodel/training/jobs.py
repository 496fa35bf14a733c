"""Start what needs DVC in a process of its own, and take its result or its error.

DVC is made to be a program: it prints, changes environment and folder, and lets stages write to its own
output. So it gets one process, which drives it through its Python API: DVC is imported once, whatever is
to be done; what it says and what the stages say is one stream, in order; nothing of it is in ours.
"""

import os
import pickle
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gitmodel import process
from gitmodel.errors import GitmodelError, ToolFailed
from gitmodel.git.repository import Repository

Sink = Callable[[str], None]


@dataclass(frozen=True)
class Request:
    """What the process shall do: call the function ``verb`` of `gitmodel.training.worker`."""

    repo: Repository
    verb: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What came of it."""

    result: Any = None
    error: GitmodelError | None = None


def run_job(repo: Repository, verb: str, sink: Sink, **arguments: Any) -> Any:
    """Do one job in a process of its own and return its result.

    Args:
        repo: The repository it works on.
        verb: A function of `gitmodel.training.worker`.
        sink: Told each line of output as it comes.
        arguments: What it is called with.

    Raises:
        GitmodelError: What the job raised.
        ToolFailed: If the process ended without an answer.
    """
    folder = repo.state / "jobs"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        request, answer = Path(scratch, "request"), Path(scratch, "answer")
        request.write_bytes(pickle.dumps(Request(repo, verb, arguments)))
        argv = [sys.executable, "-m", "gitmodel.training.worker", str(request), str(answer)]
        code = process.stream(argv, sink=sink, cwd=repo.workdir, env=_environment(repo))
        if not answer.exists():
            raise ToolFailed(f"the process for `{verb}` was ended (exit code {code})", hint="run it again")
        told: Answer = pickle.loads(answer.read_bytes())  # noqa: S301 - our own process wrote it
    if told.error:
        raise told.error
    return told.result


def _environment(repo: Repository) -> dict[str, str]:
    """Return the environment of the job and of the stages that it runs."""
    kernels = os.pathsep.join(filter(None, (str(repo.state / "jupyter"), os.environ.get("JUPYTER_PATH"))))
    return process.clean_environment(
        {
            **repo.extra_env,
            "JUPYTER_PATH": kernels,
            "PYTHONUNBUFFERED": "1",  # lines come when they are printed
            "SHELL": "/bin/bash" if Path("/bin/bash").exists() else "/bin/sh",  # not a git server's git-shell
        }
    )
