"""The registry from Python: models by name, versions by number, word or environment, artifacts ready to use.

    >>> import gitmodel
    >>> version = gitmodel.open(".")["credit-risk"]["production"]
    >>> version.metrics["roc_auc"]
    0.7277
    >>> predictor = version.load()

What is not there raises `Missing`, which is a `KeyError`; every error is a `gitmodel.errors.GitmodelError`.
Models and versions are as they were when they were asked for; all objects may be shared among threads.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmodel.errors import InvalidFile, Refused, UsageError
from gitmodel.metrics.records import Record
from gitmodel.metrics.values import Metrics
from gitmodel.registry import versions as core
from gitmodel.registry.desired import environments
from gitmodel.registry.registry import Registry as Questions
from gitmodel.registry.versions import ArtifactRef, DataRef
from gitmodel.reports.complete import complete
from gitmodel.reports.details import Details, read_details
from gitmodel.training.sources import Source, StaleWarning, open_source

if TYPE_CHECKING:
    from gitmodel.artifacts import Predictor

__all__ = [
    "ArtifactRef",
    "DataRef",
    "Missing",
    "Model",
    "Record",
    "Registry",
    "StaleWarning",
    "Version",
    "open_registry",
]

# Loading them runs what they say.
_CODE = {"joblib"}


class Missing(UsageError, KeyError):  # noqa: N818 - names the finding
    """There is no such model, version or environment; the message names those there are."""

    def __str__(self) -> str:
        """Return what is missing, and what may have been meant."""
        return f"{self.message} ({self.hint})" if self.hint else self.message


def open_registry(source: str | os.PathLike[str] = ".") -> "Registry":
    """Open the registry of a repository; see `gitmodel.open`."""
    return Registry(open_source(source))


class Registry(Mapping[str, "Model"]):
    """The models of a repository that have versions, by name.

    Args:
        source: The repository; nothing is kept of it, so every question sees what is there then.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def __getitem__(self, name: str) -> "Model":
        """Return a model.

        Raises:
            Missing: If no version of it can be read.
        """
        known = list(self)
        if name not in known:
            from gitmodel.spec.problems import did_you_mean

            there = f"there are: {', '.join(known)}" if known else "nothing is registered there yet"
            raise Missing(f"there is no model {name!r}", hint=did_you_mean(str(name), known) or there)
        found = Questions(self._source.repo).versions(name)
        return Model(name, tuple(Version(self._source, version) for version in found), self._source)

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the models."""
        return (latest.model for latest in Questions(self._source.repo).latest())

    def __len__(self) -> int:
        """Return how many models there are."""
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        """Name the models."""
        return f"<gitmodel registry: {', '.join(self) or 'no models'}>"

    def version(self, ref: str) -> "Version":
        """Return the version that the command line calls so: ``credit-risk:4``, a tag, a Model-ID.

        Raises:
            Missing: If there is none.
        """
        return _find(self._source, ref)

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments that something was promoted to."""
        return tuple(environments(self._source.repo))

    def refresh(self) -> "Registry":
        """Bring what is read in line with the remote; models that were asked for before stay as they are.

        Warns:
            StaleWarning: If the remote of a URL does not answer.

        Raises:
            ToolFailed: If the remote of a repository here does not answer.
        """
        self._source.refresh()
        return self


def _find(source: Source, ref: str) -> "Version":
    try:
        return Version(source, Questions(source.repo).version(ref))
    except UsageError as error:
        raise Missing(error.message, hint=error.hint) from error


@dataclass(frozen=True)
class Model:
    """A model and its versions.

    Attributes:
        name: Its name.
        versions: Newest first; those whose tags cannot be read are left out.
    """

    name: str
    versions: tuple["Version", ...] = field(repr=False)
    _source: Source = field(repr=False, compare=False)

    @property
    def latest(self) -> "Version":
        """The version with the highest number.

        Raises:
            Missing: If no tag of the model can be read.
        """
        if not self.versions:
            raise Missing(f"no version of {self.name} can be read", hint="`gitmodel log` says why")
        return self.versions[0]

    def __getitem__(self, key: int | str) -> "Version":
        """Return a version by number (``4``, ``"4"``, ``"1.2.0"``), as ``"latest"``, or by environment.

        An environment gives the version that should run there.

        Raises:
            Missing: If there is none.
        """
        wanted = str(key)
        if wanted == "latest":
            return self.latest
        for version in self.versions:
            if version.version == wanted:
                return version
        return _find(self._source, f"{self.name}:{wanted}")

    def __iter__(self) -> Iterator["Version"]:
        """Yield the versions, newest first."""
        return iter(self.versions)

    def __len__(self) -> int:
        """Return how many versions there are."""
        return len(self.versions)

    def __contains__(self, key: object) -> bool:
        """Say whether `__getitem__` finds a version, or whether a version is one of this model."""
        if isinstance(key, Version):
            return key in self.versions
        try:
            self[str(key)]
        except Missing:
            return False
        return True


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

        encoding = self._facts.encoding or "unknown"
        if encoding in _CODE and encoding not in trusted:
            raise Refused(
                f"{self.name} is a {encoding} file, which runs what it says when it is loaded",
                hint=f'if you trust all who may register versions there: `load(trusted=["{encoding}"])`',
            )
        try:
            return artifacts.load(encoding, self.path(), trusted_types=[*trusted])
        except InvalidFile as error:
            if "trusted_types" not in error.hint:
                raise
            hint = "if you know them to be harmless, name them: `load(trusted=[...])`"
            raise InvalidFile(error.message, hint=hint) from error
