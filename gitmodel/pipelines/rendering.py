"""Write the pipelines of a forge: the same files from the same specifications, whoever renders them."""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmodel import resources
from gitmodel.errors import UsageError
from gitmodel.spec.environment import EnvironmentSpec
from gitmodel.spec.model import ModelSpec
from gitmodel.spec.parsing import parse_environment, parse_model, parse_repository
from gitmodel.spec.repository import FILE, CiSpec, RepositorySpec
from gitmodel.spec.trees import FolderTree, environment_files, model_files

if TYPE_CHECKING:
    from jinja2 import Environment

MARK = "# Written by `gitmodel ci"
PROVIDERS = ("github", "gitlab")
# Each is pinned to a commit: a tag of somebody else's repository can be moved.
_ACTIONS = {
    "checkout": "actions/checkout@93cb6efe18208431cddfb8368fd83d5badbf9bfd # v5.0.1",
    "python": "actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0",
    "cache": "actions/cache@0400d5f644dc74513175e3cd8d07132dd4860809 # v4.2.4",
    "upload": "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2",
    "download": "actions/download-artifact@634f93cb2916e3fdff6788551b99b062d0335ce0 # v5.0.0",
}
_FILES = {
    "github": {
        ".github/actions/gitmodel/action.yml": "github/action.yml",
        ".github/workflows/gitmodel-report.yml": "github/gitmodel-report.yml",
        ".github/workflows/gitmodel.yml": "github/gitmodel.yml",
    },
    "gitlab": {".gitlab-ci.yml": "gitlab/gitlab-ci.yml"},
}
_SEEDED = {
    "github": (".github/workflows/gitmodel-deploy.yml", "github/gitmodel-deploy.yml"),
    "gitlab": (".gitlab-ci.yml", "gitlab/env.yml"),
}
_MATRIX = 200  # jobs of a matrix on GitLab


@dataclass(frozen=True)
class Sources:
    """What pipelines follow from; environments are in their order."""

    settings: RepositorySpec
    models: Sequence[ModelSpec]
    environments: Sequence[EnvironmentSpec]


def read_sources(root: Path) -> Sources:
    """Read the specifications in a folder, committed or not.

    Raises:
        InvalidSpec: If one is not valid.
    """
    from gitmodel.spec.loading import in_order

    tree = FolderTree(root)
    paths = tree.paths()
    given = tree.read([FILE])[FILE]
    settings = parse_repository(given, FILE) if given is not None else RepositorySpec()
    models = tree.read(model_files(paths, settings))
    environments = tree.read(environment_files(paths))
    parsed = [parse_environment(text or b"", file) for file, text in environments.items()]
    return Sources(
        settings,
        [parse_model(text or b"", file) for file, text in models.items()],
        in_order({spec.name: spec for spec in parsed}),
    )


def render(sources: Sources, provider: str | None = None) -> dict[str, str]:
    """Return the files of a provider, by path.

    Args:
        sources: What they follow from.
        provider: ``github`` or ``gitlab``; default: the one that ``gitmodel.yaml`` names.

    Raises:
        UsageError: If there is no such provider, or none is named.
    """
    ci = sources.settings.ci
    chosen = _provider(provider or ci.provider)
    values = {
        **_values(ci, chosen),
        "schedules": _schedules(sources.models),
        "environments": [spec.name for spec in sources.environments if not spec.site_local],
    }
    return {path: _fill(template, values) for path, template in _FILES[chosen].items()}


def render_seed(ci: CiSpec, environment: str, provider: str | None = None) -> tuple[str, str]:
    """Return path and text of the pipeline that the branch of an environment carries.

    Raises:
        UsageError: If there is no such provider, or none is named.
    """
    chosen = _provider(provider or ci.provider)
    path, template = _SEEDED[chosen]
    return path, _fill(template, {**_values(ci, chosen), "environment": environment})


def render_pipeline(
    ci: CiSpec, action: str, models: Sequence[str], environments: Sequence[str], *, event: str
) -> str:
    """Return the pipeline of one run on GitLab.

    Args:
        ci: The settings.
        action: What it does; see `events.Plan`.
        models: For which models.
        environments: In which environments.
        event: What started it, as `forges.encode_event` writes it: its jobs would not know.
    """
    chunks = [list(models[at : at + _MATRIX]) for at in range(0, len(models), _MATRIX)]
    values: dict[str, Any] = {
        "action": action,
        "models": models,
        "chunks": chunks,
        "environments": list(environments),
    }
    values["event"] = event
    return _fill("gitlab/pipeline.yml", {**_values(ci, "gitlab"), **values})


def _provider(name: str | None) -> str:
    if name is None:
        raise UsageError("no provider is named", hint=f"--provider, or `ci: {{provider: github}}` in {FILE}")
    if name not in PROVIDERS:
        raise UsageError(f"there is no provider {name!r}", hint=f"there are: {', '.join(PROVIDERS)}")
    return name


def _values(ci: CiSpec, provider: str) -> dict[str, Any]:
    runner = ci.runner or ("ubuntu-latest" if provider == "github" else f"python:{ci.python}")
    return {
        "actions": _ACTIONS,
        "branch": ci.branch,
        "python": ci.python,
        "runner": runner,
        "image": runner,
        "install": ci.install,
        "timeout": ci.timeout,
        "secret_names": ci.secrets,
    }


def _schedules(models: Sequence[ModelSpec]) -> list[tuple[str, list[str]]]:
    """Return each cron expression with the models that have it."""
    found: dict[str, list[str]] = {}
    for spec in models:
        if spec.retrain.schedule:
            found.setdefault(" ".join(spec.retrain.schedule.split()), []).append(spec.name)
    return sorted((cron, sorted(names)) for cron, names in found.items())


def _fill(template: str, values: Mapping[str, Any]) -> str:
    return _templates().get_template(template).render(values)


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(  # noqa: S701 - it writes YAML; what is put in is quoted as YAML
        loader=FileSystemLoader(resources.folder("ci-templates")),
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"quote": _quote, "flow": _flow}
    return made


def _quote(text: str) -> str:
    """Write a text as YAML that means this text and nothing else."""
    return json.dumps(text, ensure_ascii=False)


def _flow(items: Sequence[str]) -> str:
    return f"[{', '.join(map(_quote, items))}]"


def differences(root: Path, files: Mapping[str, str]) -> list[str]:
    """Return a diff from what is in a folder to what should be, and what should not be there."""
    lines: list[str] = []
    for path, text in files.items():
        found = _read(root / path)
        if found != text:
            before = (found or "").splitlines(keepends=True)
            diff = difflib.unified_diff(before, text.splitlines(keepends=True), path, f"{path} (rendered)")
            lines += [line.rstrip("\n") for line in diff] or [f"{path} is missing"]
    lines += [f"{path} is of another provider" for path in _stale(root, files)]
    return lines


def write(root: Path, files: Mapping[str, str]) -> list[str]:
    """Write the files, and remove those of another provider; return what has changed.

    Raises:
        UsageError: If a file is there that somebody else wrote; then nothing is written.
    """
    foreign = [path for path in files if (found := _read(root / path)) and not found.startswith(MARK)]
    if foreign:
        raise UsageError(
            f"{', '.join(foreign)} is there and was not written by gitmodel",
            hint="move it away; on GitLab its jobs can go into a file of their own that both include",
        )
    changed = [path for path, text in files.items() if _read(root / path) != text]
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(files[path], "utf-8")
    stale = _stale(root, files)
    for path in stale:
        (root / path).unlink()
    return [*changed, *(f"{path} (removed)" for path in stale)]


def _stale(root: Path, files: Mapping[str, str]) -> list[str]:
    """Return the files that another provider has left."""
    known = (path for of_one in _FILES.values() for path in of_one)
    return [path for path in known if path not in files and (_read(root / path) or "").startswith(MARK)]


def _read(file: Path) -> str | None:
    try:
        return file.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
