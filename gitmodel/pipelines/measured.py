"""The metrics files of a pipeline: what is in them now, and what kind of prediction their names tell."""

import json
import posixpath
import re
from collections.abc import Iterable
from pathlib import Path

from gitmodel.errors import GitmodelError
from gitmodel.metrics.values import Metrics, read_metrics
from gitmodel.pipelines.parts import Part
from gitmodel.spec.metric_names import higher_is_better
from gitmodel.training.project import Pipeline

# Of each file its numbers, or why they are not known; "": it is not here yet.
Measured = dict[str, Metrics | str]

_METRICS_FILE = re.compile(r"(?:metric|score|eval|result)[^/]*\.(?:json|ya?ml)$")
_METRIC_ENDINGS = (".json", ".yaml", ".yml")
KINDS = {
    "classification": {"accuracy", "acc", "f1", "precision", "recall", "auc", "roc", "logloss", "log_loss",
                       "avg_prec", "average_precision", "brier", "gini", "kappa", "mcc"},
    "regression": {"rmse", "mse", "mae", "mape", "r2", "r2_score", "rmsle", "mean_squared_error",
                   "mean_absolute_error"},
}  # fmt: skip


def inside(pipeline: Pipeline, path: str) -> str | None:
    """Return a path relative to the folder of the pipeline; ``None``: it is not below it."""
    found = posixpath.relpath(path, pipeline.folder or ".")
    return None if posixpath.isabs(path) or found.startswith("..") else found


def measured(pipeline: Pipeline, root: Path) -> Measured:
    """Return what each metrics file holds; a text says why that is not known."""
    declared = [path for path in pipeline.metrics if inside(pipeline, path)]
    named = [out.path for stage in pipeline.stages for out in stage.outs if _METRICS_FILE.search(out.path)]
    found: Measured = {}
    for path in declared or named:
        relative = inside(pipeline, path)
        if relative is not None:
            found[relative] = _numbers(root / path, relative)
    return found


def _numbers(file: Path, name: str) -> Metrics | str:
    if file.suffix.lower() not in _METRIC_ENDINGS:
        return "metrics are read from .json, .yaml and .yml files only"
    if not file.is_file():
        return ""  # not made or not pulled yet
    import yaml

    try:
        text = file.read_text("utf-8")
        return read_metrics(json.loads(text) if file.suffix == ".json" else yaml.safe_load(text), name)
    except GitmodelError as error:
        return error.message
    except (OSError, ValueError, yaml.YAMLError) as error:
        return f"{name} cannot be read: {str(error).splitlines()[0]}"


def is_named(metric: str, known: Iterable[str]) -> bool:
    """Say whether a metric has one of these names, or one of its words is among them."""
    words = "_" + re.sub(r"[^a-z0-9]+", "_", metric.lower()).strip("_") + "_"
    return any(f"_{name}_" in words for name in known)


def gates(held: Measured) -> Part:
    """Return a gate to begin with; that any is wanted is for people to say."""
    figures = {
        name: value
        for metrics in held.values()
        if not isinstance(metrics, str)
        for name, value in metrics.items()
    }
    preferred = [name for name in figures if any(is_named(name, known) for known in KINDS.values())]
    chosen = next(iter([*[name for name in preferred if "test" in name], *preferred, *figures]), None)
    why = "without a gate every new version is promoted; the bound is yours to choose"
    if chosen is None:
        return Part("gates", None, why, [{"metric": "accuracy", "min": 0.8}])
    bound = "min" if higher_is_better(chosen) else "max"
    return Part(
        "gates",
        None,
        f"{why} (today {chosen} is {figures[chosen]:.6g})",
        [{"metric": chosen, bound: figures[chosen]}],
    )
