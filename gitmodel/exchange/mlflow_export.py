"""Write models into a store of MLflow: an experiment a model, a run a version, and the registry's entries."""

import json
import posixpath
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gitmodel.errors import GitmodelError
from gitmodel.exchange.mlflow_commit import FOLDER, version_folder
from gitmodel.exchange.mlflow_import import OBJECT, untold
from gitmodel.exchange.mlflow_known import find, marks_of, numbers_there
from gitmodel.exchange.mlflow_saving import lay_out
from gitmodel.exchange.mlflow_store import Store, told
from gitmodel.exchange.naming import choose
from gitmodel.exchange.records import read_records
from gitmodel.git.objects import read_file
from gitmodel.git.repository import Repository
from gitmodel.metrics.records import Record
from gitmodel.registry.desired import read_desired
from gitmodel.registry.environments import environments
from gitmodel.registry.names import split_tag
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Version

Say = Callable[[str], None]
_PATH = "model"  # of the files in a run
_MODEL = re.compile(r"(?!\.\.?\Z)[^/:\x00-\x1f]+\Z")
_KEY = re.compile(r"[/\w.\-: ]{1,250}\Z")
_LONGEST = 6000
_BATCH = 100
_RESERVED = re.compile(r"(?:latest|v[0-9]+)\Z")
_GAP = 100  # numbers that are passed over to keep that of a version


@dataclass(frozen=True)
class Exported:
    """The versions that are new there, how many were there, and why others are not."""

    versions: tuple[str, ...]
    known: int
    skipped: tuple[str, ...]


def export_mlflow(repo: Repository, store: Store, wanted: Sequence[str], *, say: Say) -> Exported:
    """Write what the store lacks.

    Args:
        repo: Where from.
        store: Where to.
        wanted: ``NAME`` or ``OURS=THEIRS``; none: all models.
        say: Told each step.

    Raises:
        UsageError: If a name is not known or not valid.
        ToolFailed: If MLflow does not take it. What was done until then stays; run it again.
    """
    registry = Registry(repo)
    marks = marks_of(repo)
    ours = [latest.model for latest in registry.latest()]
    usual = {split[0]: str(mark["model"]) for tag, mark in marks.items() if (split := split_tag(tag))}
    chosen = choose(ours, wanted, usual=usual, valid=_MODEL)
    done: list[str] = []
    known = 0
    skipped = list(chosen.skipped)
    for name, theirs in chosen.names.items():
        versions, broken = registry.read(name)
        skipped += [f"{tag.tag}: {tag.reason}" for tag in broken]
        there = numbers_there(store, theirs)
        for version in reversed(versions):
            mark = marks.get(version.tag)
            if find(there, version.object, mark):
                known += 1
                continue
            number = _Writing(repo, store, theirs, version, mark, say).write(there)
            done.append(version.tag)
            say(f"[export] {version.tag}: version {number} of {theirs}")
        skipped += _set_aliases(repo, store, name, theirs, say)
    return Exported(tuple(done), known, tuple(skipped))


@dataclass(frozen=True)
class _Writing:
    """One version on its way."""

    repo: Repository
    store: Store
    theirs: str
    version: Version
    mark: Mapping[str, Any] | None
    say: Say

    def write(self, there: dict[str, int]) -> int:
        """Write run and version; return the number that it got, and add it to those that are there."""
        with told(f"did not take {self.version.tag}"):
            run = self._run()
            self._make_model()
            self._keep_number(max(there.values(), default=0))
            made = self.store.client.create_model_version(
                self.theirs,
                source=f"runs:/{run.info.run_id}/{_PATH}",
                run_id=run.info.run_id,
                tags={**self._tags("version"), **self._own_tags()},
                description=self._description(),
                await_creation_for=0,
            )
        number = int(made.version)
        if self.version.version.isdigit() and int(self.version.version) != number:
            self._tell(f"MLflow counts it as {number}")
        there[self.version.object] = number
        return number

    def _tell(self, words: str) -> None:
        self.say(f"[export] {self.version.tag}: {words}")

    def _own_tags(self) -> dict[str, str]:
        return {OBJECT: self.version.object, "gitmodel.tag": self.version.tag}

    def _description(self) -> str:
        facts = self.version.facts
        return "" if untold(facts.subject, self.mark) else f"{facts.subject}\n\n{facts.body}".strip()

    def _said(self, about: str) -> dict[str, Any]:
        """Return what MLflow had to say of a model, version or run that came from there."""
        file = posixpath.join(version_folder(self.version.model), f"{FOLDER}.json")
        text = read_file(self.repo, self.version.commit, file) if self.mark else None
        try:
            found = json.loads(text)[about] if text else {}
        except (ValueError, KeyError, TypeError):
            return {}
        return found if isinstance(found, dict) else {}

    def _tags(self, about: str) -> dict[str, str]:
        """Return the tags that it had there, less those that MLflow itself sets."""
        tags = self._said(about).get("tags")
        pairs = tags.items() if isinstance(tags, dict) else ()
        return {str(key): str(value) for key, value in pairs if not str(key).startswith("mlflow.")}

    def _run(self) -> Any:
        """Return the run that tells of the version: one that is whole, or a new one."""
        client = self.store.client
        experiment = self._experiment()
        for run in client.search_runs([experiment], f"tags.`{OBJECT}` = '{self.version.object}'"):
            if run.info.status == "FINISHED":
                return run
            client.delete_run(run.info.run_id)  # an export was interrupted in the midst of it
        records = read_records(self.repo, [self.version])[self.version.tag]
        told_at = str(self._said("run").get("at", self.version.date))
        at = _milliseconds(records[0].at if records else told_at)
        tags = {**self._tags("run"), **self._own_tags()}
        if records:
            tags["mlflow.user"] = records[0].by
        run = client.create_run(experiment, start_time=at, tags=tags, run_name=self.version.name)
        self._log(run.info.run_id, records, at)
        self._log_files(run.info.run_id)
        client.set_terminated(run.info.run_id, "FINISHED", end_time=at)
        return run

    def _experiment(self) -> str:
        client = self.store.client
        found = client.get_experiment_by_name(self.theirs)
        if found:
            return str(found.experiment_id)
        place = self.store.artifacts
        location = (place / self.version.model.replace("/", "-")).as_uri() if place else None
        return str(client.create_experiment(self.theirs, artifact_location=location))

    def _log(self, run_id: str, records: Sequence[Record], at: int) -> None:
        from mlflow.entities import Metric, Param

        facts = self.version.facts
        values = {name: _text(value) for name, value in facts.parameters.items()}
        params = [Param(name, values[name]) for name in self._allowed(values)]
        for start in range(0, len(params), _BATCH):
            self.store.client.log_batch(run_id, params=params[start : start + _BATCH])
        metrics = [
            Metric(name, value, _milliseconds(record.at), step)
            for step, record in enumerate(records)
            for name, value in _named(record).items()
        ]
        measured = {metric.key for metric in metrics}
        metrics += [
            Metric(name, value, at, 0) for name, value in facts.metrics.items() if name not in measured
        ]
        allowed = set(self._allowed({metric.key: "" for metric in metrics}))
        metrics = [metric for metric in metrics if metric.key in allowed]
        for start in range(0, len(metrics), _BATCH):
            self.store.client.log_batch(run_id, metrics=metrics[start : start + _BATCH])

    def _allowed(self, values: Mapping[str, str]) -> list[str]:
        """Return the names that MLflow takes with their values."""
        odd = [
            name
            for name, value in values.items()
            if not _KEY.match(name)
            or posixpath.normpath(name) != name
            or name[:1] in "/."
            or len(value) > _LONGEST
        ]
        if odd:
            shown = ", ".join(repr(name[:60]) for name in odd)
            self._tell(f"left out, since MLflow does not take the name or so long a value: {shown}")
        return [name for name in values if name not in odd]

    def _log_files(self, run_id: str) -> None:
        if self.version.facts.artifact is None:
            self._tell("its tag names no artifact, so it has no files there")
            return
        with tempfile.TemporaryDirectory(prefix="gitmodel-") as scratch:
            try:
                lay_out(self.repo, self.version, Path(scratch))
            except GitmodelError as error:
                self._tell(f"its files stay out: {error.message}")
                return
            self.store.client.log_artifacts(run_id, scratch, _PATH)

    def _make_model(self) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self.store.client.get_registered_model(self.theirs)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            description = _description(self.repo, self.version)
            self.store.client.create_registered_model(self.theirs, self._tags("model"), description)

    def _keep_number(self, newest: int) -> None:
        """Pass over numbers that the next version would get, by versions that are deleted at once."""
        wanted = int(self.version.version) if self.version.version.isdigit() else 0
        if not newest < wanted - 1 <= newest + _GAP:
            return
        client = self.store.client
        while True:
            made = client.create_model_version(self.theirs, source=_PASSED, await_creation_for=0)
            client.delete_model_version(self.theirs, made.version)
            if int(made.version) >= wanted - 1:
                return


_PASSED = "gitmodel:/passed-over"


def _description(repo: Repository, version: Version) -> str:
    from gitmodel.spec import load_model

    try:
        return load_model(repo, version.commit, version.model).description
    except GitmodelError:
        return ""


def _named(record: Record) -> dict[str, float]:
    """Name the metrics by what they are of: those of training plainly, the others below their kind."""
    prefix = "" if record.kind == "training" else f"{record.kind}/"
    return {f"{prefix}{name}": value for name, value in record.metrics.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _milliseconds(date: str) -> int:
    try:
        return max(int(datetime.fromisoformat(date).timestamp() * 1000), 0)
    except (ValueError, OverflowError):  # anybody may write a note
        return 0


def _set_aliases(repo: Repository, store: Store, ours: str, theirs: str, say: Say) -> list[str]:
    """Let an alias for each environment point to the version that should run there."""
    there = numbers_there(store, theirs)
    model = next((model for model in store.models() if model.name == theirs), None)
    aliases = model.aliases if model else {}
    marks = marks_of(repo)
    skipped = []
    for env in environments(repo):
        desired = read_desired(repo, env).get(ours)
        if desired is None or desired.object is None or desired.tag is None:
            continue
        mark = marks.get(desired.tag)
        number = find(there, desired.object, mark)
        if _RESERVED.match(env) or number is None:
            skipped.append(f"{ours} in {env}: MLflow can have no alias of that name, or lacks the version")
        elif aliases.get(env) != number:
            with told(f"did not take the alias {env}"):
                store.client.set_registered_model_alias(theirs, env, str(number))
            say(f"[export] {theirs}: {env} is version {number}")
    return skipped
