"""Working with a version: its folder, its scores, and results that have no number."""

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gitmodel.api.evaluation import Evaluation
from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository
from gitmodel.notebooks.cells import ignored_folder
from gitmodel.registry.names import model_key
from gitmodel.registry.versions import Version
from gitmodel.spec import load_model
from gitmodel.training.sources import Local, Source

if TYPE_CHECKING:
    import pandas as pd

    from gitmodel.api import version as api


def working_folder(source: Source, version: Version, to: str | os.PathLike[str] | None) -> Path:
    """Check a version out; see `gitmodel.api.version.Version.checkout`."""
    from gitmodel.training.checkout import checkout

    folder = (
        ignored_folder(Path.cwd()) / f"{model_key(version.model)}-{version.version}"
        if to is None
        else Path(to)
    )
    done = checkout(local(source), version, to=folder)
    if done.missing:
        words = f"data of {version.name} are missing: {', '.join(done.missing)} ({done.why})"
        warnings.warn(words, UserWarning, stacklevel=3)
    return done.folder


def local(source: Source) -> Repository:
    """Return the repository on this machine.

    Raises:
        UsageError: If it was opened by a URL.
    """
    if not isinstance(source, Local):
        hint = "clone it, and open the clone: `gitmodel.open(folder)`"
        raise UsageError("this registry was opened by a URL, and has no files to work with", hint=hint)
    return source.repo


def evaluate(
    source: Source,
    version: "api.Version",
    found: Version,
    rows: "pd.DataFrame | None",
    trusted: Sequence[str],
) -> Evaluation:
    """Score a version; see `gitmodel.api.version.Version.evaluate`."""
    from gitmodel.evaluation import labelled, load_dataset, score_by
    from gitmodel.training import fetch_file

    spec = load_model(source.repo, found.commit, found.model)
    data = spec.data
    if data is None or data.target is None:
        raise UsageError(f"{spec.file} names no target", hint="`data: {target: …}` says what is predicted")
    if rows is not None:
        dataset = labelled(rows, data.target, name="the rows")
    elif data.test is None:
        raise UsageError(f"{spec.file} names no test data", hint="give rows, or name `data.test` there")
    else:
        path = spec.path(data.test)
        dataset = load_dataset(fetch_file(local(source), found.commit, path), data.target, name=path)
    model = version.load(trusted=trusted)
    return Evaluation(version, model, dataset, score_by(spec.evaluate, dataset, model), spec, trusted)
