"""A store of MLflow, read: registered models, their versions, runs and files."""

import math
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from gitmodel.errors import InvalidFile, ToolFailed

_PAGE = 1000
_LOGGED = "models:/"
_LATEST = 253_402_300_799_000  # the end of the year 9999
SQLITE = "sqlite:///"


@dataclass(frozen=True)
class StoredModel:
    """A registered model."""

    name: str
    description: str
    aliases: dict[str, int]
    tags: dict[str, str]


@dataclass(frozen=True)
class StoredRun:
    """What a version's run, and the model that it logged, tell; empty where the run is gone."""

    id: str | None = None
    by: str = ""
    at: int = 0  # milliseconds since 1970
    metrics: dict[str, float] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    artifacts: str = ""
    logged: dict[str, str] = field(default_factory=dict)  # models: where they are, by name


@dataclass(frozen=True)
class StoredVersion:
    """A version of a registered model; ``created`` in milliseconds since 1970."""

    model: str
    number: int
    created: int
    description: str
    stage: str
    source: str
    run_id: str | None
    logged_id: str | None
    tags: dict[str, str]


class Store:
    """A store that is open.

    Args:
        client: MLflow's own object.
        uri: Where it is.
    """

    def __init__(self, client: Any, uri: str) -> None:
        self.client = client
        self.uri = uri

    @property
    def artifacts(self) -> Path | None:
        """Where files of new runs go: beside a database, as MLflow's own tools do; ``None``: MLflow knows."""
        if not self.uri.startswith(SQLITE):
            return None
        return Path(self.uri.removeprefix(SQLITE)).absolute().parent / "mlruns"

    def models(self) -> list[StoredModel]:
        """Return the registered models, by name."""
        with told("could not list the registered models"):
            found = list(_pages(self.client.search_registered_models))
        models = [
            StoredModel(
                model.name,
                model.description or "",
                {alias: int(number) for alias, number in model.aliases.items()},
                dict(model.tags),
            )
            for model in found
        ]
        return sorted(models, key=lambda model: model.name)

    def versions(self) -> dict[str, list[StoredVersion]]:
        """Return the versions of all models, in the order of their numbers; those deleted are not there."""
        with told("could not list the versions"):
            found = list(_pages(self.client.search_model_versions))
        versions: dict[str, list[StoredVersion]] = {}
        for version in sorted(found, key=lambda version: int(version.version)):
            versions.setdefault(version.name, []).append(_version(version))
        return versions

    def run(self, version: StoredVersion) -> StoredRun | None:
        """Return what is known of a version's run; ``None`` where it names one that is gone."""
        with told(f"could not read the run of {version.model} version {version.number}"):
            logged = self._logged(version.logged_id) if version.logged_id else None
            if not version.run_id:
                return _of_logged(StoredRun(at=version.created), logged)
            from mlflow.exceptions import MlflowException

            try:
                run = self.client.get_run(version.run_id)
            except MlflowException as error:
                if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                    raise
                return None
            return _of_logged(self._run(run, version), logged)

    def _run(self, run: Any, version: StoredVersion) -> StoredRun:
        outputs = run.outputs.model_outputs if run.outputs else ()
        logged = [self._logged(output.model_id) for output in outputs]
        return StoredRun(
            run.info.run_id,
            run.data.tags.get("mlflow.user") or run.info.user_id or "",
            _time(run.info.end_time or run.info.start_time or version.created),
            dict(run.data.metrics),
            dict(run.data.params),
            dict(run.data.tags),
            run.info.artifact_uri,
            {model.name: model.artifact_location for model in logged if model},
        )

    def _logged(self, model_id: str) -> Any:
        from mlflow.exceptions import MlflowException

        try:
            return self.client.get_logged_model(model_id)
        except MlflowException:
            return None  # deleted, or a store without them

    @contextmanager
    def folder(self, version: StoredVersion, run: StoredRun | None) -> Iterator[Path]:
        """Give the folder of a version's files; it is not to be written to.

        What is on this machine is read where it is; the rest is downloaded and removed at the end.

        Raises:
            InvalidFile: If there is none, or it cannot be downloaded.
        """
        local = local_path(self._address(version, run))
        if local is not None:
            if not local.is_dir():
                raise InvalidFile(f"its files are gone: there is no folder {local}")
            yield local
            return
        with tempfile.TemporaryDirectory(prefix="gitmodel-") as scratch:
            yield self._download(version, scratch)

    def _download(self, version: StoredVersion, scratch: str) -> Path:
        from mlflow.artifacts import download_artifacts

        try:
            source = self.client.get_model_version_download_uri(version.model, str(version.number))
            found = download_artifacts(
                artifact_uri=source, dst_path=scratch, tracking_uri=self.uri, registry_uri=self.uri
            )
        except Exception as error:  # whatever the library of that kind of storage raises
            words = str(error).strip().partition("\n")[0] or type(error).__name__
            raise InvalidFile(f"its files cannot be downloaded: {words}") from error
        return Path(found)

    def _address(self, version: StoredVersion, run: StoredRun | None) -> str:
        """Return where the files are, if a run or a logged model says it; else what the version says."""
        source = version.source
        if version.logged_id:
            logged = self._logged(version.logged_id)
            return str(logged.artifact_location) if logged else source
        if source.startswith("runs:/") and run is not None and run.id:
            path = source.removeprefix("runs:/").partition("/")[2]
            if path in run.logged:
                return run.logged[path]
            base = local_path(run.artifacts)
            return source if base is None else str(_below(base, path))
        return source


def _below(base: Path, path: str) -> Path:
    found = (base / path).resolve()
    if not found.is_relative_to(base.resolve()):
        raise InvalidFile(f"its path {path!r} leads out of the files of its run")
    return found


def local_path(address: str) -> Path | None:
    """Return the path that an address of files means on this machine; ``None``: it is elsewhere."""
    parts = urlsplit(address)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return None if parts.scheme or not address else Path(address)


def _version(found: Any) -> StoredVersion:
    return StoredVersion(
        found.name,
        int(found.version),
        _time(found.creation_timestamp),
        found.description or "",
        found.current_stage or "None",
        found.source or "",
        found.run_id or None,
        found.model_id or _logged_id(found.source or ""),
        dict(found.tags),
    )


def _time(milliseconds: int | None) -> int:
    """Return a time that there is, whatever a database holds."""
    return min(max(int(milliseconds or 0), 0), _LATEST)


def _logged_id(source: str) -> str | None:
    name = source.removeprefix(_LOGGED)
    return name if name != source and "/" not in name else None


def _of_logged(run: StoredRun, logged: Any) -> StoredRun:
    """Add what a logged model says of itself, which counts more than what its run says."""
    if logged is None:
        return run
    metrics = {metric.key: metric.value for metric in logged.metrics or ()}
    # A database's logged models give 0 for what is no number; their runs tell the truth.
    hidden = {name for name, value in run.metrics.items() if math.isnan(value) and metrics.get(name) == 0}
    metrics |= dict.fromkeys(hidden, math.nan)
    return StoredRun(
        run.id,
        run.by,
        run.at or _time(logged.creation_timestamp),
        {**run.metrics, **metrics},
        {**run.params, **logged.params},
        run.tags,
        run.artifacts,
        run.logged,
    )


def _pages(search: Callable[..., Any]) -> Iterator[Any]:
    token = None
    while True:
        page = search(max_results=_PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


@contextmanager
def told(message: str) -> Iterator[None]:
    """Turn what MLflow and its database raise into words.

    Raises:
        ToolFailed: With MLflow's own words.
    """
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise ToolFailed(f"MLflow {message}", detail=str(error)) from error
