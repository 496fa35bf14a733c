"""A version of a model, from Python."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmodel.errors import InvalidFile, Refused
from gitmodel.metrics.records import Record
from gitmodel.metrics.values import Metrics
from gitmodel.registry import versions as core
from gitmodel.registry.desired import read_desired
from gitmodel.registry.environments import environments
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import ArtifactRef, DataRef
from gitmodel.reports.complete import complete
from gitmodel.reports.details import Details, read_details
from gitmodel.training.sources import Source

if TYPE_CHECKING:
    import pandas as pd

    from gitmodel.api.evaluation import Evaluation
    from gitmodel.artifacts import Predictor
    from gitmodel.reports.compare import Comparison

# Loading them runs what they say.
_CODE = frozenset({"joblib"})
# Arrays are read by way of `ast`, which fails now and then where several threads of Python 3.11 use it:
# https://github.com/python/cpython/issues/106905
_LOADING = threading.Lock()


@dataclass(frozen=True, eq=False)
class Version:
    """A version of a model: what its tag says, and its artifact.

    What a tag made by hand does not say is read from its commit.
    """

    _source: Source = field(repr=False)
    _found: core.Version = field(repr=False)

    def __repr__(self) -> str:
        """Name it as the command line does."""
        return f"<{self.name}>"

    def __eq__(self, other: object) -> bool:
        """Say whether both are the same tag."""
        return isinstance(other, Version) and self._identity == other._identity

    def __hash__(self) -> int:
        """Agree with `__eq__`."""
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[str, str]:
        return self._found.tag, self._found.object

    @property
    def name(self) -> str:
        """How the command line names it: ``credit-risk:4``."""
        return self._found.name

    @property
    def model(self) -> str:
        """The name of the model."""
        return self._found.model

    @property
    def version(self) -> str:
        """The number: ``4``, or ``1.2.0``."""
        return self._found.version

    @property
    def tag(self) -> str:
        """The name of the tag: ``credit-risk@v4``."""
        return self._found.tag

    @property
    def id(self) -> str:
        """The Model-ID: the abbreviated id of the tag object."""
        return self._found.model_id

    @property
    def commit(self) -> str:
        """The commit that holds the result of the training."""
        return self._found.commit

    @property
    def date(self) -> datetime | None:
        """When it was registered; ``None`` where the tag does not say."""
        return datetime.strptime(self._found.date, "%Y-%m-%d %H:%M:%S %z") if self._found.date else None

    @cached_property
    def _facts(self) -> core.Facts:
        return complete(self._source.repo, self._found).facts

    @property
    def description(self) -> str:
        """Why there is this version: the message of the tag, or of its commit."""
        return f"{self._facts.subject}\n\n{self._facts.body}".strip()

    @property
    def metrics(self) -> Metrics:
        """The numbers that the training reported."""
        return dict(self._facts.metrics)

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters that the pipeline read."""
        return dict(self._facts.parameters)

    @property
    def data(self) -> dict[str, DataRef]:
        """The data it was trained and tested on, by path: ``md5``, ``rows``, ``size``."""
        return dict(self._facts.data)

    @property
    def artifact(self) -> ArtifactRef | None:
        """The file that holds the model: ``path``, ``sha256``, ``md5``, ``size``."""
        return self._facts.artifact

    @property
    def encoding(self) -> str | None:
        """How the artifact is written: ``skops``, ``joblib``, ``onnx``."""
        return self._facts.encoding

    @property
    def algo(self) -> str | None:
        """The class of the estimator."""
        return self._facts.algo

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments that should run it now."""
        return self._details().environments

    @property
    def history(self) -> tuple[Record, ...]:
        """All that was measured of it by now, oldest first."""
        return self._details().records

    def _details(self) -> Details:
        return read_details(self._source.repo, self._found)

    def diff(self, other: "Version") -> "Comparison":
        """Return what changed from this version to another one of the same repository.

        Signatures are left out: they are in packages, which `gitmodel diff` makes.
        """
        from gitmodel.reports.compare import compare

        repo = self._source.repo
        return compare(repo, complete(repo, self._found), complete(repo, other._found))  # noqa: SLF001 - its own class

    @property
    def before(self) -> "Version | None":
        """The version before this one; of the result of a run the newest; ``None``: this is the first."""
        known = Registry(self._source.repo).versions(self.model)
        tags = [each.tag for each in known]
        older = known[tags.index(self.tag) + 1 :] if self.tag in tags else known
        found = next((each for each in older if each.commit != self.commit), None)
        return Version(self._source, found) if found else None

    @property
    def in_environments(self) -> "dict[str, Version]":
        """What should run of this model in each environment now; those without it are left out."""
        repo = self._source.repo
        found = {}
        for env in environments(repo):
            desired = read_desired(repo, env).get(self.model)
            if desired and desired.tag:
                found[env] = Version(self._source, Registry(repo).version(desired.tag))
        return found

    def checkout(self, to: str | os.PathLike[str] | None = None) -> Path:
        """Return a folder with exactly the code, parameters and data of this version.

        Args:
            to: The folder, a work tree of the repository; default: ``gitmodel-runs/<model>-<version>`` in the
                current one. Made before, it is brought back to the version.

        Warns:
            UserWarning: If data of it are nowhere to be had.

        Raises:
            Refused: If somebody has changed files there.
            UsageError: If the registry was opened by a URL, or the folder holds something else.
        """
        from gitmodel.api.working import working_folder

        return working_folder(self._source, self._found, to)

    def evaluate(self, rows: "pd.DataFrame | None" = None, *, trusted: Sequence[str] = ()) -> "Evaluation":
        """Score the version on labelled rows, as gates do.

        Args:
            rows: With the target among the columns; default: the test data of the version.
            trusted: See `load`.

        Raises:
            UsageError: If model.yaml names no target, or no test data where there are no rows.
            InvalidFile: If rows and model do not fit each other.
        """
        from gitmodel.api.working import evaluate

        return evaluate(self._source, self, self._found, rows, trusted)

    def path(self) -> Path:
        """Return the artifact's file, fetched where it is not here; it must not be written to.

        Raises:
            InvalidFile: If size or digest are not those of the tag, or the tag's commit has no artifact.
            ToolFailed: If it cannot be fetched.
        """
        if self._facts.artifact is None:
            raise InvalidFile(
                f"neither the tag {self.tag} nor its commit says which file is the artifact",
                hint="`gitmodel register` makes tags that say it",
            )
        return self._source.file(self._found.commit, self._facts.artifact)

    def load(self, *, trusted: Sequence[str] = ()) -> "Predictor":
        """Return the model, ready to ``predict`` rows of a data frame.

        An artifact says nothing about whether it is to be trusted, nor does its repository: the caller does.

        Args:
            trusted: Types, by dotted name, that a skops file may hold beside those of scikit-learn that are
                known to be harmless; and the word ``joblib``: files of that encoding run what they say when
                they are loaded, so they are loaded only for those who trust whoever may register versions.

        Raises:
            Refused: If it is of an encoding that runs code and that is not trusted.
            InvalidFile: If it cannot be loaded, or holds types that are not trusted.
            ToolFailed: If it cannot be fetched.
        """
        from gitmodel import artifacts

        trusted = [trusted] if isinstance(trusted, str) else [*trusted]  # a text holds other texts
        encoding = self._facts.encoding or "unknown"
        if encoding in _CODE and encoding not in trusted:
            raise Refused(
                f"{self.name} is a {encoding} file, which runs what it says when it is loaded",
                hint=f'if you trust all who may register versions there: `load(trusted=["{encoding}"])`',
            )
        file = self.path()
        try:
            with _LOADING:
                return artifacts.load(encoding, file, trusted_types=trusted)
        except InvalidFile as error:
            if "trusted_types" not in error.hint:
                raise
            hint = "if you know them to be harmless, name them: `load(trusted=[...])`"
            raise InvalidFile(error.message, hint=hint) from error
