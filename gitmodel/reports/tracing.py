"""Read the lineage of a version from git: a handful of processes, however long the history."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from gitmodel.errors import InvalidFile
from gitmodel.git.commits import Commit, read_log
from gitmodel.git.notes import note_lines, note_names
from gitmodel.git.objects import Object, list_files, read_objects
from gitmodel.git.refs import list_refs
from gitmodel.git.repository import Repository
from gitmodel.git.tracking import local_name
from gitmodel.metrics.records import METRICS_REF, Record, parse_record
from gitmodel.registry.environments import DEPLOYMENTS_REF, env_branch, file_name
from gitmodel.registry.versions import ArtifactRef, DataRef, Version
from gitmodel.reports.lineage import File, Incident, Lineage, Rollout, Stage, Stay, Training
from gitmodel.reports.stages import Pipelines, pipeline_files
from gitmodel.reports.stays import History
from gitmodel.training.collected import COLLECTED_REF, Collected, parse_collected

_TRAINED = "Train "


@dataclass(frozen=True)
class _Found:
    """What the repository holds, before anything is concluded from it."""

    objects: Mapping[str, Object | None]
    tree: frozenset[str]
    logs: Mapping[str, list[Commit]]
    runs: tuple[str, ...]
    deployments: tuple[str, ...]

    def data(self, name: str) -> bytes | None:
        found = self.objects.get(name)
        return found.data if found else None


def read_lineage(repo: Repository, version: Version) -> Lineage:
    """Return where a version comes from and what became of it, as far as this copy of git tells."""
    if not (version.facts.run or version.facts.artifact):
        from gitmodel.reports.complete import complete

        version = complete(repo, version)
    found = _gather(repo, version)
    stages, files = _trace(version, found)
    records = _records(version, found)
    stays, incidents, unknown = _environments(version, found)
    rollouts = _rollouts(version, (found.data(name) for name in found.deployments))
    failed = [
        Incident(item.env, "failed deployment", item.at, item.by, item.reason)
        for item in rollouts
        if item.outcome == "failed"
    ]
    return Lineage(
        version,
        _training(version, found, records),
        files,
        stages,
        records,
        tuple(sorted(stays, key=lambda stay: stay.at)),
        rollouts,
        tuple(sorted([*incidents, *failed], key=lambda incident: incident.at)),
        (*_unknown(repo, version, found, files), *unknown),
    )


def _gather(repo: Repository, version: Version) -> _Found:
    prefix, runs = local_name(repo, env_branch("")), f"refs/runs/{version.model}/"
    refs = list_refs(repo, prefix, runs)
    tips = {name.removeprefix(prefix): tip for name, tip in refs.items() if name.startswith(prefix)}
    file = file_name(version.model)
    logs = {env: read_log(repo, tip, paths=[file]) for env, tip in tips.items()}
    tree = frozenset(list_files(repo, version.commit))
    deployments = tuple(entry.oid for entry in list_files(repo, DEPLOYMENTS_REF).values())
    names = [
        *(f"{commit.oid}:{file}" for log in logs.values() for commit in log),
        *note_names(METRICS_REF, version.commit),
        *note_names(COLLECTED_REF, version.commit),
        *deployments,
        *(f"{version.commit}:{path}" for path in pipeline_files(sorted(tree))),
        *_commits(version),
    ]
    mine = tuple(name for name, oid in refs.items() if name.startswith(runs) and oid == version.commit)
    return _Found(dict(zip(names, read_objects(repo, names), strict=True)), tree, logs, mine, deployments)


def _commits(version: Version) -> list[str]:
    run = version.facts.run
    return [version.commit, f"{version.commit}^1", *([run.commit] if run else [])]


def _trace(version: Version, found: _Found) -> tuple[tuple[Stage, ...], tuple[File, ...]]:
    """Follow artifact and data back, and say of each file what it is."""
    artifact = version.facts.artifact
    named: dict[str, tuple[str, ArtifactRef | DataRef]] = {
        path: ("data", ref) for path, ref in version.facts.data.items()
    }
    if artifact:
        named[str(artifact.path)] = ("artifact", artifact)
    start = f"{version.commit}:"
    contents = {
        name.removeprefix(start): blob.data
        for name, blob in found.objects.items()
        if name.startswith(start) and blob is not None
    }
    stages, known = Pipelines(contents).trace([*named])
    files = [_judged(file, found.tree) for file in known.values()]
    files = [_told(file, *named[file.path]) if file.path in named else file for file in files]
    return tuple(stages), tuple(sorted(files, key=lambda file: file.path))


def _told(file: File, kind: str, ref: ArtifactRef | DataRef) -> File:
    """Add what a tag says of a file; it may say anything."""
    md5 = ref.md5 if isinstance(ref.md5, str) else file.md5
    size = ref.size if isinstance(ref.size, int) else file.size
    rows = ref.rows if isinstance(ref, DataRef) and isinstance(ref.rows, int) else None
    return replace(file, kind=kind, md5=md5, size=size, rows=rows)


def _judged(file: File, tree: frozenset[str]) -> File:
    in_git = file.path in tree or any(path.startswith(f"{file.path}/") for path in tree)
    return replace(file, kind="git") if file.kind == "unknown" and in_git else file


def _training(version: Version, found: _Found, records: Sequence[Record]) -> Training:
    run = version.facts.run
    own = _commit(found.data(version.commit))
    is_child = own is not None and own[1].startswith(_TRAINED)
    name = run.commit if run else f"{version.commit}^1" if is_child else version.commit
    source = found.objects.get(name)
    author, subject = _commit(source.data if source else None) or (None, None)
    recorded = next((record for record in records if record.kind == "training"), None)
    return Training(
        version.commit,
        source.oid if source else run.commit if run else None,
        author,
        subject,
        run.digest if run else None,
        recorded.at if recorded else None,
        recorded.by if recorded else None,
        found.runs,
    )


def _commit(data: bytes | None) -> tuple[str, str] | None:
    """Return author and subject of a commit, as git stores it."""
    if data is None:
        return None
    head, _, message = data.decode("utf-8", "surrogateescape").partition("\n\n")
    lines = [line.removeprefix("author ") for line in head.splitlines() if line.startswith("author ")]
    return (lines[0].rpartition(">")[0] + ">", message.partition("\n")[0]) if lines else None


def _records(version: Version, found: _Found) -> tuple[Record, ...]:
    records = []
    for name in note_names(METRICS_REF, version.commit):
        for line in note_lines(found.data(name) or b""):
            with suppress(InvalidFile):  # `doctor` tells
                record = parse_record(line)
                if record.model == version.model and record.version in {None, version.version}:
                    records.append(record)
    return tuple(sorted(records, key=lambda record: record.at))


def _environments(version: Version, found: _Found) -> tuple[list[Stay], list[Incident], list[str]]:
    stays: list[Stay] = []
    incidents: list[Incident] = []
    unknown: list[str] = []
    file = file_name(version.model)
    for env, log in found.logs.items():
        states = [(commit, found.data(f"{commit.oid}:{file}") or b"") for commit in reversed(log)]
        history = History(env, version)
        for commit, text in states:
            history.take(commit, text)
        stays += history.stays
        incidents += history.incidents
        unknown += history.unknown
    return stays, incidents, unknown


def _rollouts(version: Version, notes: Iterable[bytes | None]) -> tuple[Rollout, ...]:
    """Return what deployments of the version came to; each line names environment, model and version."""
    rollouts = []
    for note in notes:
        for line in note_lines(note or b""):
            document = _json(line)
            if (document.get("model"), document.get("version")) == (version.model, version.version):
                keys = ("env", "outcome", "at", "by", "url", "reason")
                rollouts.append(Rollout(**{key: str(document.get(key, "")) for key in keys}))
    return tuple(sorted(rollouts, key=lambda rollout: rollout.at))


def _json(line: str) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _collected(found: _Found, version: Version) -> list[Collected]:
    notes = (found.data(name) or b"" for name in note_names(COLLECTED_REF, version.commit))
    every = parse_collected(line for note in notes for line in note_lines(note))
    return [each for each in every if (each.model, each.version) == (version.model, version.version)]


def _unknown(repo: Repository, version: Version, found: _Found, files: Sequence[File]) -> tuple[str, ...]:
    facts, told = version.facts, []
    if repo.is_shallow:
        told.append("this clone is shallow: what happened before its oldest commits is not here")
    if found.objects.get(version.commit) is None:
        told.append(f"the commit {version.commit[:7]} is not in this copy")
    if facts.run is None:
        told.append("the tag names no run: it was made by hand, or by another tool")
    if not facts.data:
        told.append("neither tag nor model.yaml names the data")
    if facts.artifact is None:
        told.append("neither tag nor model.yaml names the artifact")
    elif not any(file.kind == "artifact" and file.md5 for file in files):
        told.append(f"the digest of {facts.artifact.path} is in no lock")
    told += [f"where {file.path} comes from" for file in files if file.kind == "unknown"]
    told += [str(each) for each in _collected(found, version)]
    if not found.logs:
        told.append("no environment has a branch here; `gitmodel sync` brings those of the remote")
    return tuple(told)
