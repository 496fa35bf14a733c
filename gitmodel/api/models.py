"""The models of a registry, and how a version of one is found."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gitmodel.api.version import Version
from gitmodel.errors import UsageError
from gitmodel.registry.environments import environments
from gitmodel.registry.registry import Registry as Questions
from gitmodel.training.sources import Source, open_source

if TYPE_CHECKING:
    from gitmodel.api.failure import Failure


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
            Missing: If there is none of that name.
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

    def version(self, ref: str) -> Version:
        """Return the version that the command line calls so: ``credit-risk:4``, a tag, a Model-ID.

        Raises:
            Missing: If there is none.
        """
        return _find(self._source, ref)

    def result(self, model: str, revision: str) -> Version:
        """Return what training a model at a commit gave, whether it became a version or not.

        Raises:
            Missing: If nobody has trained the model there.
            UsageError: If there is no such commit or model.
        """
        from gitmodel.pipelines.notebooks import result_of

        found = result_of(self._source.repo, model, revision)
        if found is None:
            raise Missing(f"nobody has trained {model} at {revision}", hint="`gitmodel train` does")
        return Version(self._source, found)

    def failure(self, model: str, commit: str, stage: Mapping[str, Any]) -> "Failure":
        """Return a training that failed, to look into; `gitmodel notebook` writes how it is called."""
        from gitmodel.api.failure import Failure

        return Failure(model, commit, stage, self._source)

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


def _find(source: Source, ref: str) -> Version:
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
    versions: tuple[Version, ...] = field(repr=False)
    _source: Source = field(repr=False, compare=False)

    @property
    def latest(self) -> Version:
        """The version with the highest number.

        Raises:
            Missing: If no tag of the model can be read.
        """
        if not self.versions:
            raise Missing(f"no version of {self.name} can be read", hint="`gitmodel log` says why")
        return self.versions[0]

    def __getitem__(self, key: int | str) -> Version:
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

    def __iter__(self) -> Iterator[Version]:
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
