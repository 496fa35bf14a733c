"""The models of a repository, each with its newest version."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gitmodel.git.repository import Repository
from gitmodel.registry.registry import Registry
from gitmodel.reports.table import align
from gitmodel.reports.terminal import Colours

COLOURS: Colours = ((r"  (v\S+)$", "yellow"),)
# As the specification's own reader finds models where no gitmodel.yaml says otherwise.
_PLACES = ("model.yaml", ":(glob)models/*/model.yaml")
_NAME = re.compile(r"""name:\s*(["']?)([a-z0-9](?:[a-z0-9_/-]*[a-z0-9])?)\1\s*(?:#.*)?\Z""")


@dataclass(frozen=True)
class Row:
    """A model and its newest version; ``None``: none is registered."""

    model: str
    version: str | None


def read_models(repo: Repository) -> list[Row]:
    """Return the models that have versions, and those that HEAD declares, by name."""
    newest: dict[str, str | None] = dict.fromkeys(_declared(repo))
    newest.update((latest.model, latest.version) for latest in Registry(repo).latest())
    return [Row(model, version) for model, version in sorted(newest.items())]


def _declared(repo: Repository) -> list[str]:
    """Return the names that model files of HEAD give, by one search and without reading YAML."""
    patterns = ("-e", "^name:", "-e", "^models:")
    found = repo.run("grep", "-h", *patterns, "HEAD", "--", *_PLACES, "gitmodel.yaml", check=False)
    lines = found.text.splitlines()
    if any(line.startswith("models:") for line in lines):
        return _declared_elsewhere(repo)
    return [match[2] for match in map(_NAME.match, lines) if match]


def _declared_elsewhere(repo: Repository) -> list[str]:
    """Return the names where ``gitmodel.yaml`` says in which places models are."""
    from gitmodel.errors import InvalidFile
    from gitmodel.spec import load_models

    try:
        return [spec.name for spec in load_models(repo, "HEAD")]
    except InvalidFile:
        return []  # `validate` tells


def model_files(repo: Repository) -> list[str]:
    """Return the paths of the model files of HEAD."""
    found = repo.run("grep", "-l", "-z", "-e", "^name:", "HEAD", "--", *_PLACES, check=False)
    return [name.partition(":")[2] for name in found.text.split("\0") if name]


def models_text(rows: Sequence[Row]) -> list[str]:
    """Return a line a model."""
    return align([(row.model, f"v{row.version}" if row.version else "-") for row in rows])
