"""Train a version's commit again, in a folder that is gone afterwards, and compare what comes out."""

import hashlib
import posixpath
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gitmodel.errors import InvalidFile, ToolFailed
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.git.worktrees import temporary_worktree
from gitmodel.metrics.values import Metrics
from gitmodel.registry.versions import ArtifactRef, Facts
from gitmodel.spec import ModelSpec
from gitmodel.training import outcome
from gitmodel.training.packages import Locked
from gitmodel.training.pipeline import Dvc, open_dvc

Verdict = Literal["same", "within tolerance", "same predictions", "differs", "gone", "new", "not recorded"]
_GOOD = frozenset({"same", "within tolerance", "same predictions", "not recorded"})


@dataclass(frozen=True)
class Again:
    """What training once more gave.

    Attributes:
        metrics: Numbers by name.
        parameters: Values by name.
        artifact: Path, digests and size of the artifact.
        file: The artifact, as long as the folder is there.
        data: Digests of the files and folders that the specification names as data, by path.
        outputs: Digests of all else that the pipeline made, by path: as the commit has it, and now.
    """

    metrics: Metrics
    parameters: dict[str, Any]
    artifact: ArtifactRef
    file: Path
    data: dict[str, str]
    outputs: dict[str, tuple[str, str]]


@contextmanager
def train_again(repo: Repository, spec: ModelSpec, commit: Oid) -> Iterator[Again]:
    """Run every stage of a model's pipeline on a clean work tree of a commit.

    No ref, note or run is written, and nothing is put into DVC's cache or on its remote but what is pulled.

    Raises:
        InvalidFile: If the pipeline, its metrics or its artifact are not what they must be.
        ToolFailed: If a stage, DVC or a remote fails, or data that the commit names are nowhere to be had.
    """
    file = posixpath.join(spec.folder, "dvc.yaml")
    with temporary_worktree(repo, commit) as tree, open_dvc(repo, tree) as dvc:
        stages = dvc.stages(file)
        before = _digests(dvc, stages)
        _bring(dvc, stages)
        dvc.make_folder(spec.feedback_path)
        dvc.reproduce(file, force=True, keep=False)
        after = _digests(dvc, dvc.stages(file))
        artifact = tree / spec.artifact_path
        data = _data(tree, spec, after)
        yield Again(
            metrics=outcome.collect_metrics(repo, tree, spec, None),
            parameters=outcome.collect_parameters(dvc, stages),
            artifact=_artifact(artifact, spec.artifact_path),
            file=artifact,
            data=data,
            outputs={
                path: (digest, after.get(path, ""))
                for path, digest in before.items()
                if path not in {spec.artifact_path, *data, *map(spec.path, spec.metrics)}
            },
        )


def _digests(dvc: Dvc, stages: list[Any]) -> dict[str, str]:
    """Return what DVC knows of the outputs; an executed notebook says when it ran, so it is left out."""
    outs = {dvc.relative(out.fs_path): out.hash_info.value for stage in stages for out in stage.outs}
    return {path: str(value) for path, value in outs.items() if value and not path.endswith(".ipynb")}


def _bring(dvc: Dvc, stages: list[Any]) -> None:
    """Bring what no stage makes, or what one adds to.

    Raises:
        ToolFailed: If some of it cannot be had: running anyway would train on something else.
    """
    given = [
        out
        for stage in stages
        for out in stage.outs
        if out.use_cache and out.hash_info and (stage.is_data_source or stage.frozen or out.persist)
    ]
    paths = [dvc.relative(out.fs_path) for out in given]
    if paths:
        dvc.checkout(paths)
    if dvc.has_remote and any(map(_is_missing, given)):
        dvc.pull(paths)
    missing = [
        f"{dvc.relative(out.fs_path)} (md5 {out.hash_info.value})" for out in given if _is_missing(out)
    ]
    if missing:
        where = "on the DVC remote" if dvc.has_remote else "in DVC's cache, and no DVC remote is configured"
        raise ToolFailed(
            f"data that the version was trained on are not {where}: {', '.join(missing)}",
            hint="`dvc push` them from where they still are",
        )


def _is_missing(out: Any) -> bool:
    return bool(out.workspace_status())


def _artifact(file: Path, path: str) -> ArtifactRef:
    if not file.is_file():
        raise InvalidFile(
            f"the training left no artifact {path}",
            hint="name it under `outs:` of a stage, or correct `artifact:` in model.yaml",
        )
    return ArtifactRef(path, _digest(file, "md5"), _digest(file, "sha256"), file.stat().st_size)


def _digest(file: Path, kind: str) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, kind).hexdigest()


def _data(tree: Path, spec: ModelSpec, digests: Mapping[str, str]) -> dict[str, str]:
    named = map(spec.path, filter(None, (spec.data.train, spec.data.test) if spec.data else ()))
    found = {}
    for path in named:
        if (tree / path).is_file():
            found[path] = _digest(tree / path, "md5")
        elif path in digests:
            found[path] = digests[path]
    return found


@dataclass(frozen=True)
class Line:
    """One thing that was compared.

    Attributes:
        what: ``artifact``, ``metric``, ``parameter``, ``data``, ``output`` or ``package``.
        name: Its path or name.
        then: What the version has; ``None``: nothing is known.
        now: What training again gave; ``None``: nothing.
        verdict: What comparing them says.
        counts: Whether a difference means that the version was not reproduced. Packages and intermediate
            outputs only explain one.
    """

    what: str
    name: str
    then: Any
    now: Any
    verdict: Verdict
    counts: bool = True

    @property
    def is_good(self) -> bool:
        """Whether nothing speaks against the version here."""
        return self.verdict in _GOOD


def is_reproduced(lines: list[Line]) -> bool:
    """Say whether all that counts is the same."""
    return all(line.is_good for line in lines if line.counts)


def compare(
    facts: Facts,
    again: Again,
    packages: list[Locked],
    *,
    tolerance: float = 0.0,
    same_predictions: Callable[[], bool] = lambda: False,
) -> list[Line]:
    """Compare a version with what training it again gave.

    Args:
        facts: What is known of the version.
        again: The training.
        packages: The locked packages.
        tolerance: By how much a metric may differ.
        same_predictions: Asked only where the artifacts are not the same, bit by bit.
    """
    then, now = (facts.artifact and facts.artifact.sha256), again.artifact.sha256
    if facts.artifact and not then:
        then, now = facts.artifact.md5, again.artifact.md5  # of a tag made by hand, as the lock has it
    verdict = _verdict(then, now)
    if verdict == "differs" and same_predictions():
        verdict = "same predictions"
    data = {path: ref.md5 for path, ref in facts.data.items()}
    return [
        Line("artifact", again.artifact.path, then, now, verdict),
        *_compare("metric", facts.metrics, again.metrics, tolerance),
        *_compare("parameter", facts.parameters, again.parameters),
        *_compare("data", data, again.data),
        *(
            Line("output", path, old, new or None, _verdict(old, new or None), counts=False)
            for path, (old, new) in again.outputs.items()
            if old != new
        ),
        *(
            Line("package", package.name, package.allowed, package.installed, "differs", counts=False)
            for package in packages
            if not package.fits
        ),
    ]


def _compare(
    what: str, then: Mapping[str, Any], now: Mapping[str, Any], tolerance: float = 0.0
) -> Iterator[Line]:
    """Compare values by name; of a version of which nothing is recorded nothing is said."""
    for name in [*then, *(name for name in now if name not in then)]:
        old: Any = then.get(name)
        new: Any = now.get(name)
        if name not in now:
            yield Line(what, name, old, new, "gone")
        elif name not in then:
            yield Line(what, name, old, new, "new" if then else "not recorded")
        elif tolerance and old != new and abs(new - old) <= tolerance:
            yield Line(what, name, old, new, "within tolerance")
        else:
            yield Line(what, name, old, new, _verdict(old, new))


def _verdict(then: Any, now: Any) -> Verdict:
    if then is None:
        return "not recorded"
    return "same" if then == now else "differs"
