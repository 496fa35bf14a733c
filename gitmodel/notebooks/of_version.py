"""The notebook of a version, or of a run that became none: made to be read, run, and gone on from."""

from collections.abc import Iterator
from typing import Any

from gitmodel.git.repository import Repository
from gitmodel.notebooks.cells import code, fenced, markdown, notebook, parameters
from gitmodel.registry.versions import Version
from gitmodel.spec import ModelSpec, load_model, load_repository

_READERS = {
    ".parquet": "pd.read_parquet({})",
    ".pq": "pd.read_parquet({})",
    ".csv": "pd.read_csv({})",
    ".tsv": 'pd.read_csv({}, sep="\\t")',
    ".jsonl": "pd.read_json({}, lines=True)",
    ".ndjson": "pd.read_json({}, lines=True)",
    ".json": "pd.read_json({})",
}
_KINDS = (None, "classification", "regression", "ranking")


def version_notebook(repo: Repository, version: Version, *, repository: str) -> bytes:
    """Return the notebook of a version.

    Args:
        repo: The repository.
        version: The version; one without a tag is the result of a run.
        repository: Where the notebook will find the repository, as a path from its own folder.

    Raises:
        InvalidSpec: If the model cannot be read at the version's commit.
    """
    spec = load_model(repo, version.commit, version.model)
    cells = [_title(version), *_opening(repo, spec, version, repository)]
    if _is_scored(spec):
        cells += _scored(spec)
    else:
        cells += [
            markdown(
                "## Metrics", "As the training reported them: gitmodel does not score this model itself."
            ),
            code("version.metrics"),
        ]
    cells += [
        markdown("## What changed", "Since the version before."),
        code("if version.before:", "    print(version.before.diff(version))"),
        markdown(
            "## Go on",
            "`folder` is yours to change; `model`, `evaluation` and the data are ready."
            if _is_scored(spec)
            else "`folder` is yours to change; `model` is ready.",
        ),
        code(),
    ]
    return notebook(cells, model=version.model, version=version.version, commit=str(version.commit))


def trusted_types(repo: Repository, spec: ModelSpec, rev: str, encoding: str | None) -> list[str]:
    """Return what `Version.load` must be told to trust, so that it loads what gates load."""
    of_encoding = ["joblib"] if (encoding or spec.artifact.encoding) == "joblib" else []
    return [*of_encoding, *load_repository(repo, rev).trusted_types]


def _is_scored(spec: ModelSpec) -> bool:
    data = spec.data
    kind = spec.evaluate.kind if spec.evaluate else None
    return data is not None and bool(data.test and data.target) and kind in _KINDS


def _title(version: Version) -> dict[str, Any]:
    said = "\n\n".join(filter(None, (version.facts.subject, version.facts.body)))
    number = (
        f"version {version.version}" if version.tag else f"the run {version.version}, which is no version"
    )
    return markdown(f"# {version.model}: {number}", fenced(said) if said else "")


def _opening(
    repo: Repository, spec: ModelSpec, version: Version, repository: str
) -> Iterator[dict[str, Any]]:
    given: dict[str, Any] = {"repository": repository}
    given |= (
        {"name": version.name} if version.tag else {"model_name": version.model, "commit": version.commit}
    )
    yield parameters(
        {name: str(value) for name, value in given.items()}
        | {"trusted": trusted_types(repo, spec, version.commit, version.facts.encoding)}
    )
    find = "version(name)" if version.tag else "result(model_name, commit)"
    yield markdown(
        "## The run, as it was",
        "Its code, parameters and data, in a folder beside this notebook, and its model. "
        "What `trusted` names may run code when the model is loaded.",
    )
    yield code(
        "import pandas as pd",
        "",
        "import gitmodel",
        "",
        f"version = gitmodel.open(repository).{find}",
        "folder = version.checkout()",
        "model = version.load(trusted=trusted)",
        "print(model.algo, version.parameters)",
        "folder",
    )
    lines = [_reading(name, path) for name, path in _tables(spec)]
    if lines:
        odd = any("read_frame" in line for line in lines)
        imports = ["from gitmodel.evaluation import read_frame", ""] if odd else []
        yield code(*imports, *lines, f"{_tables(spec)[0][0]}.head()")


def _tables(spec: ModelSpec) -> list[tuple[str, str]]:
    given = (("train", spec.data.train), ("test", spec.data.test)) if spec.data else ()
    return [(name, spec.path(path)) for name, path in given if path]


def _reading(name: str, path: str) -> str:
    """Return the line that reads a table of the checked-out folder."""
    ending = "." + path.rpartition(".")[2].lower()
    return f"{name} = " + _READERS.get(ending, "read_frame({})").format(f"folder / {path!r}")


def _scored(spec: ModelSpec) -> Iterator[dict[str, Any]]:
    kind = spec.evaluate.kind if spec.evaluate else None
    yield markdown("## Metrics", "On the test rows of this version, also those of the others.")
    yield code("evaluation = version.evaluate(test, trusted=trusted)", "evaluation.compared()")
    yield markdown(f"## {_WORST[kind]}")
    yield code("evaluation.worst(20)")
    yield from _errors(kind)
    yield markdown(
        "## What the model listens to",
        "How much worse the metric gets where a column is shuffled; around 0 the column does not matter.",
    )
    yield code(
        "from gitmodel.notebooks.pictures import bars",
        "",
        "importance = evaluation.importance()",
        "print(evaluation.metric)",
        'bars(importance, "worse")',
    )
    if spec.data and spec.data.train:
        yield markdown(
            "## Drift",
            "How far the test rows are from those that the model has learnt from: "
            "below 0.1 is little, above 0.25 much.",
        )
        yield code("evaluation.drift(train).head(20)")


_WORST = {
    None: "The worst predictions",
    "classification": "The worst predictions",
    "regression": "The worst predictions",
    "ranking": "The relevant rows that stand farthest behind",
}


def _errors(kind: str | None) -> Iterator[dict[str, Any]]:
    confusion = ("confusion = evaluation.confusion()", "heatmap(confusion)")
    residuals = (
        "predictions = evaluation.predictions()",
        'points(predictions, "prediction", "residual")',
    )
    if kind == "classification":
        yield markdown("## Confusions", "True classes down, predicted ones across.")
        yield code("from gitmodel.notebooks.pictures import heatmap", "", *confusion)
    elif kind == "regression":
        yield markdown("## Residuals", "Prediction less truth: around 0 all along is what one wants.")
        yield code("from gitmodel.notebooks.pictures import points", "", *residuals)
    elif kind == "ranking":
        yield markdown("## Rankings", "How well each ranking went: 1 is the best order.")
        yield code(
            "from gitmodel.notebooks.pictures import histogram",
            "",
            "rankings = evaluation.rankings()",
            'histogram(rankings, "ndcg")',
        )
        yield code("rankings.head(20)")
    else:
        yield markdown("## Confusions, or residuals")
        yield code(
            "from gitmodel.notebooks.pictures import heatmap, points",
            "",
            'if evaluation.kind == "classification":',
            "    picture = heatmap(evaluation.confusion())",
            "else:",
            '    picture = points(evaluation.predictions(), "prediction", "residual")',
            "picture",
        )
