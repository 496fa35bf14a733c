"""Bring the models of an MLflow store in: each version a tag, with its metrics and its files."""

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitmodel.errors import Conflict, InvalidFile
from gitmodel.exchange.marks import Mark, as_message, format_mark, marked_versions, sound, with_mark
from gitmodel.exchange.mlflow_commit import FOLDER, Told, settled, version_folder, write_commit
from gitmodel.exchange.mlflow_model import SavedModel, read_saved
from gitmodel.exchange.mlflow_store import Store, StoredModel, StoredRun, StoredVersion
from gitmodel.exchange.naming import choose
from gitmodel.git.remotes import fetch, publish
from gitmodel.git.repository import Repository
from gitmodel.git.tags import read_tags, write_tag_object
from gitmodel.git.values import Oid, RefUpdate
from gitmodel.metrics.records import METRICS_REF, Record, format_record, utc
from gitmodel.registry.names import next_number, number_key, split_tag, tag_name
from gitmodel.registry.versions import ArtifactRef, Facts, format_version
from gitmodel.spec import load_repository
from gitmodel.training.keeping import KeptFolder, keep_folder, share_file

Say = Callable[[str], None]
REGISTRY = "mlflow"
OBJECT = "gitmodel.object"  # MLflow's tag that holds the tag object of an exported version
_ATTEMPTS = 20
_INFINITE = sys.float_info.max  # as a database of MLflow has it


@dataclass(frozen=True)
class Imported:
    """What an import did: tags that are new, how many were there, and why others are not."""

    tags: tuple[str, ...]
    known: int
    skipped: tuple[str, ...]
    failed: tuple[str, ...]


def import_mlflow(
    repo: Repository, store: Store, wanted: Sequence[str], *, incomplete: bool, say: Say
) -> Imported:
    """Bring in what is new: models by name, versions by number.

    Args:
        repo: Where to.
        store: Where from.
        wanted: ``NAME`` or ``THEIRS=OURS``; none: all models.
        incomplete: Whether versions whose files are gone come in without them.
        say: Told each step.

    Raises:
        UsageError: If a name is not known or not valid.
        ToolFailed: If MLflow, DVC or the remote fails. What was done until then stays; run it again.
    """
    fetch(repo)
    models = {model.name: model for model in store.models()}
    chosen = choose(models, wanted)
    versions = store.versions()
    tags: list[str] = []
    failed: list[str] = []
    known = 0
    for theirs, ours in chosen.names.items():
        there = {*marked_versions(repo, ours), *_objects(repo, ours)}
        for version in versions.get(theirs, ()):
            if format_mark(mark_of(version)) in there or version.tags.get(OBJECT) in there:
                known += 1
                continue
            try:
                bringing = _Bringing(repo, store, ours, models[theirs], version, incomplete, say)
                tags.append(bringing.bring())
            except InvalidFile as error:
                failed.append(f"{theirs} version {version.number} stays out: {error.message}")
                say(f"[import] {failed[-1]}")
    return Imported(tuple(tags), known, chosen.skipped, tuple(failed))


def _objects(repo: Repository, model: str) -> set[str]:
    """Return the tag objects of a model's versions: what an export wrote down is known by them."""
    return {str(tag.object) for tag in read_tags(repo, f"{model}@v*", messages=False)}


def mark_of(version: StoredVersion) -> Mark:
    """Return what names a version of MLflow, wherever its store has moved."""
    return {
        "registry": REGISTRY,
        "model": version.model,
        "version": str(version.number),
        "created": version.created,
    }


def _subject(mark: Mark) -> str:
    return f"Version {mark['version']} of {mark['model']} in MLflow"


def untold(subject: str, mark: Mark | None) -> bool:
    """Say whether a subject is only what an import wrote for want of a description."""
    return mark is not None and subject == as_message("", _subject(mark))[0]


@dataclass(frozen=True)
class _Bringing:
    """One version on its way."""

    repo: Repository
    store: Store
    name: str
    model: StoredModel
    version: StoredVersion
    incomplete: bool
    say: Say

    def bring(self) -> str:
        """Store files, commit, tag and note, and return the tag."""
        run = self.store.run(self.version)
        if run is None:
            self._tell("its run is gone, and its metrics and parameters with it")
        known = run or StoredRun(at=self.version.created)
        saved, kept = self._files(run)
        told = Told(self.name, self.model, self.version, known, saved, kept)
        commit = write_commit(self.repo, told, mark_of(self.version))
        if kept:
            share_file(self.repo, commit, f"{version_folder(self.name)}/{FOLDER}.dvc")
        return self._publish(commit, self._facts(known, saved, kept), known)

    def _tell(self, words: str) -> None:
        self.say(f"[import] {self.version.model} version {self.version.number}: {words}")

    def _files(self, run: StoredRun | None) -> tuple[SavedModel | None, KeptFolder | None]:
        """Put the files of the version into DVC's cache."""
        try:
            with self.store.folder(self.version, run) as folder:
                saved = read_saved(folder)
                return saved, keep_folder(self.repo, saved.files)
        except InvalidFile as error:
            if not self.incomplete:
                hint = "with --incomplete it comes in without its files"
                raise InvalidFile(f"{error.message}; {hint}") from error
            self._tell(f"without its files: {error.message}")
            return None, None

    def _facts(self, run: StoredRun, saved: SavedModel | None, kept: KeptFolder | None) -> Facts:
        subject, body = as_message(self.version.description, _subject(mark_of(self.version)))
        return Facts(
            subject,
            body,
            saved.encoding if saved and saved.main else None,
            sound(run.tags.get("estimator_name", "")).replace("\n", " ") or None,
            self._metrics(run.metrics),
            {sound(name): _value(text) for name, text in run.params.items()},
            self._artifact(saved, kept) if saved and kept else None,
        )

    def _metrics(self, metrics: Mapping[str, float]) -> dict[str, float]:
        odd = sorted(name for name, value in metrics.items() if not abs(value) < _INFINITE)
        if odd:
            self._tell(f"metrics that are no finite numbers are left out: {', '.join(odd)}")
        return {sound(name): value for name, value in metrics.items() if name not in odd}

    def _artifact(self, saved: SavedModel, kept: KeptFolder) -> ArtifactRef:
        place = f"{version_folder(self.name)}/{FOLDER}"
        if saved.main is None:
            self._tell(f"its flavor {saved.flavor} is kept, but cannot be served here")
            return ArtifactRef(place, kept.md5, size=sum(file.size for file in kept.files.values()))
        file = kept.files[saved.main]
        return ArtifactRef(f"{place}/{saved.main}", file.md5, file.sha256, file.size)

    def _publish(self, commit: Oid, facts: Facts, run: StoredRun) -> str:
        """Give it its number and send tag and metrics, in one transaction."""
        mark = mark_of(self.version)
        for _ in range(_ATTEMPTS):
            there = marked_versions(self.repo, self.name)
            if format_mark(mark) in there:
                return there[format_mark(mark)]  # somebody else imports the same
            number = self._number()
            tag = tag_name(self.name, number)
            message = with_mark(format_version(self.name, number, facts), mark)
            at = self.version.created // 1000
            made = write_tag_object(self.repo, commit=commit, name=tag, message=message, at=at)
            notes = {METRICS_REF: {commit: [self._record(facts, run, number)]}} if facts.metrics else {}
            try:
                publish(self.repo, [RefUpdate(f"refs/tags/{tag}", made, None)], notes)
            except Conflict:
                fetch(self.repo)
                continue
            self.say(f"[import] {self.version.model} version {self.version.number}: {tag}")
            return tag
        raise Conflict(f"others keep making versions of {self.name}", hint="run the command again")

    def _number(self) -> str:
        """Return the number that MLflow gave where it is free, else the next one."""
        tags = read_tags(self.repo, f"{self.name}@v*", messages=False)
        taken = {parts[1] for parts in (split_tag(tag.name) for tag in tags) if parts}
        kind = load_repository(self.repo, settled(self.repo)).versions
        wanted = str(self.version.number) if kind == "integer" else f"{self.version.number}.0.0"
        if wanted not in taken:
            return wanted
        newest = next_number(max(taken, key=number_key), kind)
        self._tell(f"the number {wanted} is taken by another version, so it becomes {newest}")
        return newest

    def _record(self, facts: Facts, run: StoredRun, number: str) -> str:
        by = sound(run.by).replace("\n", " ") or "mlflow"
        return format_record(Record(self.name, "training", facts.metrics, utc(run.at / 1000), by, number))


def _value(text: str) -> Any:
    """Read a parameter, which MLflow keeps as text, as the number that it was, if that loses nothing."""
    try:
        value = json.loads(text)
        if isinstance(value, int | float) and math.isfinite(value) and json.dumps(value) == text:
            return value
    except (ValueError, OverflowError):
        pass
    return sound(text)
