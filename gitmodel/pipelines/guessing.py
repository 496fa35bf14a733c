"""What the model.yaml of an existing pipeline could say, each part with its reason or with what is missing.

Nothing is written here. Of the user's files only metrics and tables are looked into, to see their names.
"""

import posixpath
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gitmodel.pipelines.measured import KINDS, Measured, gates, inside, is_named, measured
from gitmodel.pipelines.parts import Part
from gitmodel.pipelines.tables import Tables
from gitmodel.spec.model import ENCODINGS_BY_ENDING
from gitmodel.training.project import Pipeline, Stage

# Endings of models beyond those that name an encoding by themselves. No release loads all of them yet.
_ENCODINGS: dict[str, str] = {
    **ENCODINGS_BY_ENDING,
    ".pckl": "joblib",
    ".pth": "pytorch",
    ".ckpt": "pytorch",
    ".xgb": "xgboost",
    ".bst": "xgboost",
    ".lgb": "lightgbm",
    ".cbm": "python",
    ".h5": "python",
    ".keras": "python",
    ".safetensors": "python",
}
_LOADED = ("skops", "onnx", "joblib")
_PICKLES = (".pkl", ".pickle", ".pckl")
_TRAINS = re.compile(r"(?:^|[^a-z])(?:re)?(?:train|fit|learn|tune)(?:ing|er)?(?:[^a-z]|$)")
# Pickles that are fitted, but predict nothing.
_HELPER = re.compile(
    r"vectori[sz]er|tfidf|scaler|encoder|imputer|preprocess|transformer|feature|tokenizer|data"
    r"|(?:^|/)[xy]_(?:train|test|val)"
)
_PAPERMILL = re.compile(r"(?:^|[\s/])papermill(?:\s|$)")
_NOTEBOOK = re.compile(r"[^\s'\"]+\.ipynb")
_ROLES = {"train": "learn from", "test": "compare versions on"}


def guess(pipeline: Pipeline, root: Path, name: Part) -> list[Part]:
    """Return the parts of a model.yaml, in its order.

    Args:
        pipeline: The pipeline beside it.
        root: Top of the work tree, whose files are looked at where they are there.
        name: The part that names the model.
    """
    figures = measured(pipeline, root)
    metrics = _metrics(pipeline, figures)
    tables = Tables(pipeline, root)
    data = _data(pipeline, tables)
    return [
        name,
        *(Part("description", item.description) for item in chosen_artifact(pipeline) if item.description),
        _artifact(pipeline, root),
        metrics,
        *_notebooks(pipeline),
        data,
        _evaluate(figures, data, tables),
        gates(figures),
    ]


def chosen_artifact(pipeline: Pipeline) -> Sequence[Any]:
    """Return the entry of ``artifacts:`` that counts, as a list of one or none."""
    usable = [item for item in pipeline.artifacts if inside(pipeline, item.path)]
    return usable[:1]


def has_model(pipeline: Pipeline, root: Path) -> bool:
    """Say whether something that a pipeline makes could be a model."""
    return bool(pipeline.artifacts or _candidates(pipeline, root))


def trains(stage: Stage) -> bool:
    """Say whether a stage seems to train, by its name, else by its command."""
    return bool(_TRAINS.search(stage.name.lower()) or _TRAINS.search(stage.command.lower()))


def _artifact(pipeline: Pipeline, root: Path) -> Part:
    candidates = _candidates(pipeline, root)
    for item in chosen_artifact(pipeline):
        path = inside(pipeline, item.path)
        assert path is not None
        rest = [candidate for candidate, _ in candidates if candidate != path]
        return _as_part(path, f"`artifacts:` in dvc.yaml names it ({item.name})", rest)
    if not candidates:
        outside = [item.path for item in pipeline.artifacts]
        why = "no output of a stage ends as a file of a model does (.joblib, .pkl, .skops, .onnx …)"
        if outside:
            why = f"{outside[0]} lies outside of the folder of dvc.yaml, and model.yaml cannot lead out of it"
        return Part("artifact", None, why, {"path": "model.joblib", "encoding": "joblib"})
    (path, stage), *others = candidates
    by = f"the stage {stage.name} makes it, and its ending is that of a model"
    return _as_part(path, f"a guess: {by}", [other for other, _ in others])


def _as_part(path: str, why: str, others: Sequence[str]) -> Part:
    ending = posixpath.splitext(path)[1].lower()
    encoding = _ENCODINGS.get(ending)
    if encoding is None:
        needed = f"{why}, but its ending does not say how it is encoded: name it"
        return Part("artifact", None, needed, {"path": path, "encoding": "joblib"})
    if ending in _PICKLES:
        why += "; a pickle is read by joblib, and runs the code of whoever wrote it"
    elif encoding not in _LOADED:
        why += f"; this release cannot load {encoding}: `register` needs joblib, skops or onnx"
    return Part("artifact", _named(path, encoding), why, None, tuple(_named(other) for other in others))


def _named(path: str, encoding: str = "") -> dict[str, str]:
    return {"path": path, "encoding": encoding or _ENCODINGS[posixpath.splitext(path)[1].lower()]}


def _candidates(pipeline: Pipeline, root: Path) -> list[tuple[str, Stage]]:
    """Return the outputs that could be models, the likeliest first, each with its stage.

    What only helps a model is among them where there is nothing else.
    """
    read_by_training = {dep for stage in pipeline.stages if trains(stage) for dep in stage.deps}
    found: dict[str, tuple[tuple[bool | int, ...], Stage]] = {}
    for number, stage in enumerate(pipeline.stages):
        for out in stage.outs:
            if out.is_metric or out.is_plot:
                continue
            for path in _files(root, out.path):
                ending, name = posixpath.splitext(path)[1].lower(), inside(pipeline, path)
                if ending in _ENCODINGS and name:
                    is_helper = bool(_HELPER.search(name.lower())) or out.path in read_by_training
                    encoding = _LOADED.index(_ENCODINGS[ending]) if _ENCODINGS[ending] in _LOADED else 9
                    found.setdefault(name, ((is_helper, not trains(stage), encoding, -number), stage))
    ranked = sorted(found.items(), key=lambda item: item[1][0])
    models = [(name, stage) for name, ((is_helper, *_), stage) in ranked if not is_helper]
    return models or [(name, stage) for name, (_, stage) in ranked]


def _files(root: Path, path: str) -> list[str]:
    """Return the output itself, or the files in it where it is a folder that is there."""
    folder = root / path
    if not folder.is_dir() or folder.is_symlink():
        return [path]
    files = sorted(file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    return [file.relative_to(root).as_posix() for file in files[:1000]]


def _metrics(pipeline: Pipeline, figures: Measured) -> Part:
    usable = [path for path, content in figures.items() if not (isinstance(content, str) and content)]
    problems = [content for content in figures.values() if isinstance(content, str) and content]
    if usable:
        stated = (
            "as dvc.yaml names them" if pipeline.metrics else "a guess by the name: dvc.yaml names no metrics"
        )
        return Part("metrics", usable, "; left out: ".join([stated, *problems]))
    why = (
        problems[0]
        if problems
        else "dvc.yaml names no metrics: a JSON file of names and numbers that a stage writes"
    )
    return Part("metrics", None, why, ["metrics.json"])


def _notebooks(pipeline: Pipeline) -> list[Part]:
    found: list[str] = []
    strays: list[str] = []
    for stage in pipeline.stages:
        for notebook in _NOTEBOOK.findall(stage.command)[:1]:
            read = [dep for dep in stage.deps if posixpath.basename(dep) == posixpath.basename(notebook)]
            paths = [path for path in (inside(pipeline, dep) for dep in read) if path]
            if _PAPERMILL.search(stage.command) and paths:
                found.append(paths[0])
            else:
                strays.append(f"{stage.name} runs {notebook}")
    needed = "a notebook counts where papermill runs it and the stage has it among its deps"
    if found:
        lacking = f"{'; '.join(strays)}: {needed}" if strays else ""
        return [Part("notebooks", [*dict.fromkeys(found)], "papermill runs them", lacking=lacking)]
    return [Part("notebooks", None, f"{'; '.join(strays)}: {needed}", ["train.ipynb"])] if strays else []


def _data(pipeline: Pipeline, tables: Tables) -> Part:
    """Return the data as far as names and a table show them; a part without a value says what is needed."""
    value = {role: inside(pipeline, path) for role, path in tables.roles.items()}
    target, words = tables.target
    if not value:
        why = "CSV or Parquet files with labelled rows, in the folder of dvc.yaml; no file is plainly one"
        if tables.halves:
            why += f" ({posixpath.basename(tables.halves[0])} holds features or labels alone)"
        why += "; a service needs `data.train` or `signature` to know its input"
        return Part(
            "data", None, why, {"train": "data/train.csv", "test": "data/test.csv", "target": "label"}
        )
    reasons = ["a guess by the names of the files", *([words] if target else [])]
    lacking = [f"{role}: rows to {verb}" for role, verb in _ROLES.items() if role not in value]
    if target:
        value["target"] = target
    else:
        lacking.append(f"target: {words}")
    return Part("data", value, "; ".join(reasons), lacking="; ".join(lacking))


def _evaluate(figures: Measured, data: Part, tables: Tables) -> Part:
    kind, why = _kind(figures, tables)
    known = data.value or {}
    if kind is None:
        return Part("evaluate", None, why, {"kind": "classification"})
    if "target" in known and "test" in known:
        return Part("evaluate", {"kind": kind}, f"a guess: {why}")
    return Part("evaluate", None, f"{why}; it needs data.test and data.target", {"kind": kind})


def _kind(figures: Measured, tables: Tables) -> tuple[str | None, str]:
    names = [name for metrics in figures.values() if not isinstance(metrics, str) for name in metrics]
    for kind, known in KINDS.items():
        for name in names:
            if is_named(name, known):
                return kind, f"{name} is a metric of a {kind}"
    by_target = tables.kind_of_target()
    if by_target:
        return by_target, f"the target column looks like that of a {by_target}"
    return None, "neither the names of metrics nor a target column show what kind of prediction it is"
