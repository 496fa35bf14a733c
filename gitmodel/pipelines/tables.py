"""The tables of a pipeline: what is learned from, what is judged on, and which column is predicted."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmodel.errors import GitmodelError
from gitmodel.reports.words import flatten
from gitmodel.training.project import Pipeline

if TYPE_CHECKING:
    import pandas as pd

_ENDINGS = (".csv", ".tsv", ".parquet", ".pq", ".jsonl", ".ndjson")
_WORDS = {
    "train": re.compile(r"(?<![a-z])train(?:ing)?(?![a-z])"),
    "test": re.compile(r"(?<![a-z])(?:test|holdout)(?![a-z])"),
    "validation": re.compile(r"(?<![a-z])(?:val|valid|validation|eval)(?![a-z])"),
}
# Features and labels in files of their own are no labelled rows.
_HALVES = re.compile(r"(?:^|[^a-z])(?:[xy]|features|labels)(?:[^a-z]|$)")
_TARGETS = ("target", "label", "class", "outcome", "y")
_TARGET_PARAMETER = re.compile(r"(?:^|_)(?:target|label|outcome)(?:_?(?:col|column|name|feature|variable))?$")
_LARGEST = 50_000_000  # bytes of a table that is looked into
_SHOWN = 8
_MANY_CLASSES = 20


@dataclass(frozen=True)
class Tables:
    """The tables that a pipeline reads and makes.

    Attributes:
        pipeline: The pipeline.
        root: Top of the work tree.
    """

    pipeline: Pipeline
    root: Path

    @cached_property
    def roles(self) -> dict[str, str]:
        """Path of the table for ``train`` and for ``test``, as far as names show them."""
        whole = [path for path in self._all if not _HALVES.search(posixpath.basename(path).lower())]
        found = {}
        for role, words in (("train", ("train",)), ("test", ("test", "validation"))):
            named = [path for word in words for path in whole if _says(path, word)]
            if named:
                found[role] = named[0]
        return found

    @cached_property
    def _all(self) -> list[str]:
        """All tables: those that stages name, the last stages' first, then those in folders that exist."""
        named = [path for stage in reversed(self.pipeline.stages) for path in _paths(stage)]
        plain = [path for path in named if path.endswith(_ENDINGS)]
        within = [path for folder in named for path in self._in_folder(folder)]
        inside = f"{self.pipeline.folder}/" if self.pipeline.folder else ""
        return [
            path for path in dict.fromkeys([*plain, *within]) if path.startswith(inside) and path[0] != "/"
        ]

    def _in_folder(self, path: str) -> Iterator[str]:
        folder = self.root / path
        if folder.is_dir() and not folder.is_symlink() and not path.startswith("/"):
            for file in sorted(folder.iterdir()):
                if file.name.endswith(_ENDINGS) and file.is_file():
                    yield file.relative_to(self.root).as_posix()

    @cached_property
    def frame(self) -> "pd.DataFrame | None":
        """The rows of one of the tables, where it is there and small."""
        from gitmodel.evaluation.datasets import read_frame

        for path in self.roles.values():
            file = self.root / path
            if file.is_file() and file.stat().st_size <= _LARGEST:
                try:
                    return read_frame(file)
                except GitmodelError:
                    continue
        return None

    @cached_property
    def target(self) -> tuple[str | None, str]:
        """The column to predict and what shows it; ``None`` and why not."""
        if self.frame is None:
            return None, "the column to predict; no table of labelled rows is here to show it"
        columns = [str(column) for column in self.frame.columns]
        for name, value in self._parameters():
            if _TARGET_PARAMETER.search(name.rpartition(".")[2].lower()) and value in columns:
                return str(value), f"the parameter {name} names the column {value}"
        plain = [column for word in _TARGETS for column in columns if column.lower() == word]
        if plain:
            return plain[0], f"a guess: the column {plain[0]} is the target by its name"
        shown = ", ".join(columns[:_SHOWN]) + (" …" if columns[_SHOWN:] else "")
        return None, f"the column to predict, one of {shown}"

    def _parameters(self) -> Iterator[tuple[str, Any]]:
        for stage in self.pipeline.stages:
            for values in stage.params.values():
                yield from ((name, value) for name, value in flatten(values) if isinstance(value, str))

    def kind_of_target(self) -> str | None:
        """Say what the values of the target column are: classes, or figures."""
        if self.frame is None or self.target[0] is None:
            return None
        from pandas.api.types import is_float_dtype, is_numeric_dtype

        column = self.frame[self.target[0]]
        few = column.nunique() <= _MANY_CLASSES
        if not is_numeric_dtype(column) or column.dtype == bool:
            return "classification" if few else None
        if is_float_dtype(column) and not few:
            return "regression"
        return "classification" if few and not is_float_dtype(column) else None

    @property
    def halves(self) -> list[str]:
        """Tables that hold features or labels alone."""
        return [path for path in self._all if _HALVES.search(posixpath.basename(path).lower())]


def _paths(stage: Any) -> list[str]:
    return [*(out.path for out in stage.outs if not out.is_metric and not out.is_plot), *stage.deps]


def _says(path: str, word: str) -> bool:
    """Say whether the name of a file has a word, or that of the folder that it is in."""
    folder, name = posixpath.split(path.lower())
    if any(pattern.search(name) for pattern in _WORDS.values()):
        return bool(_WORDS[word].search(name))
    return bool(_WORDS[word].search(posixpath.basename(folder)))
