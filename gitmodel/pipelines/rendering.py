"""Write the pipelines of a forge: the same files from the same specifications, whoever renders them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmodel import resources
from gitmodel.errors import UsageError
from gitmodel.pipelines.actions import ACTIONS
from gitmodel.pipelines.rendered import differences, is_foreign, read_text, write
from gitmodel.registry.names import MODEL
from gitmodel.spec import yaml_source
from gitmodel.spec.loading import read_environments, read_settings
from gitmodel.spec.parsing import parse_model
from gitmodel.spec.repository import FILE, CiSpec, RepositorySpec
from gitmodel.spec.schedule import to_cron
from gitmodel.spec.trees import FolderTree, model_files

if TYPE_CHECKING:
    from jinja2 import Environment

PROVIDERS = ("github", "gitlab")
GITLAB = ".gitlab-ci.yml"
# Where the jobs are on GitLab if that file is somebody else's, who includes them.
GITLAB_INCLUDED = ".gitlab/gitmodel.yml"
_FILES = {
    "github": {
        ".github/actions/gitmodel/action.yml": "github/action.yml",
        ".github/workflows/gitmodel-report.yml": "github/gitmodel-report.yml",
        ".github/workflows/gitmodel.yml": "github/gitmodel.yml",
    },
    "gitlab": {GITLAB: "gitlab/gitlab-ci.yml"},
}
_SEEDED = {
    "github": (".github/workflows/gitmodel-deploy.yml", "github/gitmodel-deploy.yml"),
    "gitlab": (GITLAB, "gitlab/env.yml"),
}
_STARTS = {"retrain": "", "monitor": "monitor "}
_FEW = 8
_MATRIX = 200  # jobs of a matrix on GitLab


@dataclass(frozen=True)
class Sources:
    """What pipelines follow from.

    Attributes:
        settings: Those of the repository.
        schedules: Each cron expression with what it starts, sorted: names of models that are trained, and
            ``monitor NAME`` of those that are watched, ``reconcile NAME`` of environments.
        environments: Their names, in order.
        included: Whether GitLab's own file is somebody else's, who includes ours.
    """

    settings: RepositorySpec
    schedules: Sequence[tuple[str, Sequence[str]]]
    environments: Sequence[str]
    included: bool = False


def read_sources(root: Path) -> Sources:
    """Read what is in a folder, committed or not.

    Raises:
        InvalidSpec: If a specification is not valid, as far as it is read.
    """
    tree = FolderTree(root)
    paths = tree.paths()
    settings = read_settings(tree)
    models = tree.read(model_files(paths, settings))
    environments = read_environments(tree, paths)
    given = [(spec.reconcile.cron, f"reconcile {spec.name}") for spec in environments]
    mended = [(cron, words) for cron, words in given if cron]
    return Sources(
        settings,
        _schedules(chain(mended, *(_scheduled(text or b"", file) for file, text in models.items()))),
        [spec.name for spec in environments],
        included=is_foreign(root / GITLAB),
    )


def _scheduled(text: bytes, file: str) -> list[tuple[str, str]]:
    """Return the cron expressions of a model, each with what it starts.

    Nothing else of it matters here, and checking a thousand models whole takes a second.
    """
    if b"schedule" not in text:
        return []
    data = yaml_source.parse(text, file).data
    with suppress(KeyError, TypeError, AttributeError, ValueError):
        name = data["name"]
        found = [(key, data[key]["schedule"]) for key in _STARTS if "schedule" in data.get(key, {})]
        if MODEL.match(name):
            return [(to_cron(written), f"{_STARTS[key]}{name}") for key, written in found]
    spec = parse_model(text, file)  # says what is wrong
    given = (("retrain", spec.retrain.cron), ("monitor", spec.monitor.cron))
    return [(cron, f"{_STARTS[key]}{spec.name}") for key, cron in given if cron]


def _schedules(found: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    together: dict[str, list[str]] = {}
    for cron, name in found:
        together.setdefault(cron, []).append(name)
    return sorted((cron, sorted(names)) for cron, names in together.items())


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
        **_values(ci),
        "schedules": sources.schedules,
        "environments": sources.environments,
        "alert_names": _variables(sources.settings),
        "included": sources.included,
        "publish": sources.settings.site.publish,
        "after": [
            f"{job}-{name}" for job in ("deliver", "monitor", "reconcile") for name in sources.environments
        ],
    }
    place = GITLAB_INCLUDED if sources.included else GITLAB
    return {
        place if path == GITLAB else path: _fill(template, values)
        for path, template in _FILES[chosen].items()
    }


def render_seed(
    ci: CiSpec, environment: str, provider: str | None = None, *, included: bool = False
) -> tuple[str, str]:
    """Return path and text of the pipeline that the branch of an environment carries.

    Args:
        ci: The settings.
        environment: Its name.
        provider: As for `render`.
        included: See `Sources`.

    Raises:
        UsageError: If there is no such provider, or none is named.
    """
    chosen = _provider(provider or ci.provider)
    path, template = _SEEDED[chosen]
    file = GITLAB_INCLUDED if included else GITLAB
    return path, _fill(template, {**_values(ci), "environment": environment, "file": file})


def render_pipeline(
    ci: CiSpec,
    action: str,
    models: Sequence[str],
    environments: Sequence[str],
    *,
    event: str,
    monitored: Sequence[str] = (),
    reconciled: Sequence[str] = (),
) -> str:
    """Return the pipeline of one run on GitLab.

    Args:
        ci: The settings.
        action: What it does; see `events.Plan`.
        models: For which models.
        environments: In which environments.
        monitored: Environments where models are watched.
        reconciled: Environments that are mended.
        event: What started it, as `forges.encode_event` writes it: its jobs would not know.
    """
    chunks = [list(models[at : at + _MATRIX]) for at in range(0, len(models), _MATRIX)]
    values: dict[str, Any] = {
        "action": action,
        "models": models,
        "chunks": chunks,
        "environments": list(environments),
        "monitored": list(monitored),
        "reconciled": list(reconciled),
    }
    values["event"] = event
    return _fill("gitlab/pipeline.yml", {**_values(ci), **values})


def _provider(name: str | None) -> str:
    if name is None:
        raise UsageError("no provider is named", hint=f"--provider, or `ci: {{provider: github}}` in {FILE}")
    if name not in PROVIDERS:
        raise UsageError(f"there is no provider {name!r}", hint=f"there are: {', '.join(PROVIDERS)}")
    return name


def _values(ci: CiSpec) -> dict[str, Any]:
    labels = ([ci.runner] if ci.runner else [] if ci.tags else ["ubuntu-latest"]) + list(ci.tags)
    own = " # zizmor: ignore[self-hosted-runner] gitmodel.yaml asks for runners of one's own"
    return {
        "actions": ACTIONS,
        "branch": ci.branch,
        "python": ci.python,
        "runner": (_flow(labels) if ci.tags else _quote(labels[0])) + own * ("self-hosted" in labels),
        "image": ci.runner or f"python:{ci.python}",
        "tags": ci.tags,
        "install": ci.install,
        "timeout": ci.timeout,
        "secret_names": [*ci.secrets],
    }


def _variables(settings: RepositorySpec) -> list[str]:
    """Return the variables that addresses of alerts are in, those that the jobs do not have anyway."""
    named = {alert.to.removeprefix("$") for alert in settings.alerts if alert.to.startswith("$")}
    return sorted(named - {*settings.ci.secrets})


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
    made.filters |= {"quote": _quote, "flow": _flow, "few": _few}
    return made


def _quote(text: str) -> str:
    """Write a text as YAML that means this text and nothing else."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in quoted)


def _flow(items: Sequence[str]) -> str:
    return f"[{', '.join(map(_quote, items))}]"


def _few(names: Sequence[str]) -> str:
    """Write names, not too many of them."""
    more = len(names) - _FEW
    return ", ".join(names[:_FEW]) + (f" and {more} more" if more > 0 else "")


def render_into(root: Path, provider: str | None = None) -> list[str]:
    """Write the files of a provider into a folder; return what has changed.

    Where `gitmodel.yaml` names the provider, what another one has left is removed.

    Raises:
        InvalidSpec: See `read_sources`.
        UsageError: See `render` and `rendered.write`.
    """
    sources = read_sources(root)
    files = render(sources, provider)
    return write(root, files, _others(files, provider))


def check_folder(root: Path, provider: str | None = None) -> list[str]:
    """Return how a folder differs from what `render_into` makes of it; errors as there."""
    sources = read_sources(root)
    files = render(sources, provider)
    found = differences(root, files, _others(files, provider))
    if GITLAB_INCLUDED in files and GITLAB_INCLUDED not in (read_text(root / GITLAB) or ""):
        found.append(f"{GITLAB} does not say `include: [{{local: /{GITLAB_INCLUDED}}}]`")
    return found


def _others(files: Mapping[str, str], provider: str | None) -> list[str]:
    """Return where else files of ours may be: with a provider that was named, only those of that one."""
    known = _FILES[provider] if provider else {path: "" for each in _FILES.values() for path in each}
    places = [*known, *([GITLAB_INCLUDED] if GITLAB in known else [])]
    return [path for path in places if path not in files]
