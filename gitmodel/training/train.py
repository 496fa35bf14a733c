"""Train a model at a commit, once for the same inputs, wherever it was."""

import hashlib
import posixpath
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gitmodel.errors import Conflict, GitmodelError, InvalidFile, ToolFailed
from gitmodel.git.commits import commit_files, read_log
from gitmodel.git.notes import read_notes
from gitmodel.git.objects import read_files
from gitmodel.git.refs import read_ref, update_refs
from gitmodel.git.remotes import fetch_refs, publish
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid, RefUpdate
from gitmodel.git.worktrees import temporary_worktree
from gitmodel.metrics.records import METRICS_REF, Record, canonical_json, format_record, now
from gitmodel.spec import ModelSpec
from gitmodel.training import outcome
from gitmodel.training.carrying import Twin, carried
from gitmodel.training.data_lock import using_data
from gitmodel.training.digest import inputs_digest
from gitmodel.training.failed import stage_failed
from gitmodel.training.fetching import fetch_file
from gitmodel.training.lock import locked_outs
from gitmodel.training.pipeline import Dvc, open_dvc
from gitmodel.training.run import Run, run_ref

Sink = Callable[[str], None]
_SUBJECT = "Train "


def train(
    repo: Repository,
    spec: ModelSpec,
    commit: Oid,
    *,
    force: bool = False,
    fresh: bool = False,
    share: bool = True,
    by: str,
    sink: Sink,
) -> Run:
    """Run a model's pipeline on a clean work tree of a commit; the same inputs are not trained twice.

    Output of the stages goes to standard output as it comes. The result is written as a run commit, a run
    ref and a note, here and at the remote; files go to the DVC remote first.

    Args:
        repo: The repository, bare or not.
        spec: The model at that commit.
        commit: What to train.
        force: Train even where the same inputs were trained before.
        fresh: Run the stages that DVC cannot tell to be up to date (``always_changed``, or no dependency),
            such as one that downloads data, and what follows from them.
        share: Send data, run ref and note to the remotes; else they stay on this machine.
        by: Who trains, for the record.
        sink: Told each step, a line at a time.

    Raises:
        InvalidFile: If the pipeline, its metrics or its artifact are not what they must be.
        StageFailed: If a stage fails.
        ToolFailed: If DVC or a remote fails.
    """
    file = posixpath.join(spec.folder, "dvc.yaml")
    with using_data(repo), temporary_worktree(repo, commit) as tree, open_dvc(repo, tree) as dvc:
        stages = dvc.stages(file)
        _check_notebooks(dvc, spec, stages)
        digest = inputs_digest(repo, commit, dvc, stages, spec)
        parameters = outcome.collect_parameters(dvc, stages)
        ref = run_ref(spec.name, digest)
        earlier = _known(repo, ref)
        again = force or (fresh and any(stage.is_callback or stage.always_changed for stage in stages))
        known = None if again else _usable(repo, spec, earlier, sink)
        if known is None:
            _reproduce(dvc, spec, stages, force=force, sink=sink)
        else:
            sink(f"[train] {spec.name}: these inputs were trained as {known.short}")
            _take(repo, known, tree, _git_outputs(dvc, stages, file))
        metrics = outcome.collect_metrics(repo, tree, spec, known)
        changes = _changes(repo, commit, tree, _git_outputs(dvc, stages, file))
        result = _commit(repo, spec, commit, changes, digest)
        run = Run(
            commit=result,
            digest=digest,
            result=_result_digest(digest, tree / posixpath.join(spec.folder, "dvc.lock"), metrics),
            source=_source(repo, known or result),
            trained=known is None,
            is_new=earlier is None and result != commit,
            metrics=metrics,
            parameters=parameters,
            artifact=outcome.collect_artifact(repo, spec, result),
            data=outcome.collect_data(repo, spec, result),
        )
        if known is None and dvc.has_remote and share:
            dvc.push(file)
    if not share:
        update_refs(repo, [RefUpdate(ref, run.commit, read_ref(repo, ref))])
        return run
    twin = Twin(Oid(run.source), known) if known and known != run.commit else None
    try:
        _record(repo, spec, run, by=by, ref=ref, twin=twin, commit=commit)
    except Conflict:
        if again:
            raise
        sink(f"[train] {spec.name}: somebody trained the same inputs at the same time: theirs counts")
        fetch_refs(repo, ref)
        return train(repo, spec, commit, by=by, sink=sink)
    return run


def _usable(repo: Repository, spec: ModelSpec, known: Oid | None, sink: Sink) -> Oid | None:
    """Return the earlier run if its artifact can still be had."""
    try:
        if known:
            fetch_file(repo, known, spec.artifact_path)
    except GitmodelError as error:
        sink(f"[train] {spec.name}: the result of {known} is lost, so it is trained again: {error.message}")
        return None
    return known


def _check_notebooks(dvc: Dvc, spec: ModelSpec, stages: list[Any]) -> None:
    """See that each notebook of the specification is run by a stage."""
    read = {dvc.relative(dep.fs_path) for stage in stages for dep in stage.deps if not hasattr(dep, "params")}
    for notebook in spec.notebooks:
        if spec.path(notebook) not in read:
            stem = notebook.removesuffix(".ipynb")
            raise InvalidFile(
                f"{spec.file} lists the notebook {notebook}, but no stage of dvc.yaml runs it",
                hint=f"add a stage: `dvc stage add -n {stem} -d {notebook} -o {stem}.output.ipynb "
                f"papermill {notebook} {stem}.output.ipynb`",
            )


def _known(repo: Repository, ref: str) -> Oid | None:
    """Return the run commit of the same inputs, of this copy or of the remote."""
    found = read_ref(repo, ref)
    if found is None:
        fetch_refs(repo, ref)
        found = read_ref(repo, ref)
    return found


def _reproduce(dvc: Dvc, spec: ModelSpec, stages: list[Any], *, force: bool, sink: Sink) -> None:
    file = posixpath.join(spec.folder, "dvc.yaml")
    sources = [dvc.relative(stage.path) for stage in stages if stage.is_data_source]
    locked = [file] if (dvc.tree / file).with_name("dvc.lock").is_file() else []
    if not dvc.has_remote:
        sink("[train] no DVC remote is configured: data and artifact stay on this machine")
    if sources or locked:
        bring = dvc.pull if dvc.has_remote else dvc.checkout
        bring([*sources, *locked])
    dvc.make_folder(spec.feedback_path)
    try:
        dvc.reproduce(file, force=force)
    except ToolFailed as error:
        raise stage_failed(dvc, error) from error


def _git_outputs(dvc: Dvc, stages: list[Any], file: str) -> list[str]:
    """Return the files that a training leaves to git: locks, and outputs that DVC does not cache."""
    locks = {posixpath.join(posixpath.dirname(file), "dvc.lock")}
    locks |= {
        posixpath.join(posixpath.dirname(dvc.relative(stage.path)), "dvc.lock")
        for stage in stages
        if not stage.is_data_source
    }
    outs = {dvc.relative(out.fs_path) for stage in stages for out in stage.outs if not out.use_cache}
    return sorted(locks | outs)


def _take(repo: Repository, known: Oid, tree: Path, paths: list[str]) -> None:
    """Lay what another training left to git into the work tree."""
    for path, content in read_files(repo, known, paths).items():
        if content is not None:
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_bytes(content)


def _changes(repo: Repository, commit: Oid, tree: Path, paths: list[str]) -> dict[str, bytes | None]:
    """Return those files that differ from the trained commit."""
    files = [
        file.relative_to(tree).as_posix()
        for path in paths
        for file in ([tree / path] if (tree / path).is_file() else sorted((tree / path).rglob("*")))
        if file.is_file()
    ]
    before = read_files(repo, commit, files)
    after = {path: (tree / path).read_bytes() for path in files}
    return {path: content for path, content in after.items() if content != before[path]}


def _commit(
    repo: Repository, spec: ModelSpec, commit: Oid, changes: dict[str, bytes | None], digest: str
) -> Oid:
    """Return the run commit: the same one for the same changes of the same commit."""
    if not changes:
        return commit
    message = f"{_SUBJECT}{spec.name}\n\nInputs: {digest}\n"
    at = int(repo.git("show", "--no-patch", "--format=%ct", commit))
    return commit_files(repo, parent=commit, changes=changes, message=message, at=at)


def _result_digest(inputs: str, lock: Path, metrics: dict[str, float]) -> str:
    outs = locked_outs(lock.read_bytes(), lock.name) if lock.is_file() else {}
    # An executed notebook says when it ran, so it is never the same twice.
    outs = {path: md5 for path, md5 in outs.items() if not path.endswith(".ipynb")}
    document = {"inputs": inputs, "outputs": outs, "metrics": metrics}
    return hashlib.sha256(canonical_json(document).encode()).hexdigest()


def _source(repo: Repository, run: Oid) -> str:
    """Return the commit whose tree was trained: the parent of a run commit, else the commit itself."""
    newest = read_log(repo, run, limit=1)[0]
    return newest.parents[0] if newest.subject.startswith(_SUBJECT) and newest.parents else run


def _record(
    repo: Repository, spec: ModelSpec, run: Run, *, by: str, ref: str, twin: Twin | None, commit: Oid
) -> None:
    """Write run ref and note, here and at the remote, unless they are there.

    Raises:
        Conflict: If somebody else has recorded another result of the same inputs meanwhile.
    """
    there = read_ref(repo, ref)
    updates = [] if there is not None and not run.trained else [RefUpdate(ref, run.commit, there)]
    notes: dict[Oid, list[str]] = {}
    if twin:
        notes = carried(repo, spec.name, twin, commit=commit, result=run.commit, digest=run.digest)
    known = [*read_notes(repo, METRICS_REF, [run.commit]).get(run.commit, ()), *notes.get(run.commit, ())]
    if run.metrics and not any(run.digest in line for line in known):
        record = Record(spec.name, "training", run.metrics, now(), by, run=run.digest)
        notes[run.commit] = [*notes.get(run.commit, ()), format_record(record)]
    publish(repo, updates, {METRICS_REF: notes} if notes else {})
