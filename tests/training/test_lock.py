"""What DVC's locks say, where the pipeline says in which folder each stage runs."""

import pytest

from gitmodel.git.repository import Repository
from gitmodel.training.lock import Tracked, tracked
from tests.conftest import commit_all

MD5 = "1f3c" + "0" * 28


def lock(*stages: str) -> str:
    """Return a lock in which each stage has made ``model.joblib``."""
    outs = f"    outs: [{{path: model.joblib, md5: {MD5}, size: 5}}]\n"
    return "schema: '2.0'\nstages:\n" + "".join(f"  {name}:\n    cmd: x\n{outs}" for name in stages)


@pytest.mark.parametrize(
    ("entry", "stage", "path"),
    [
        ("{wdir: work, cmd: x}", "train", "work/model.joblib"),
        ("{foreach: [en, de], do: {wdir: work, cmd: x}}", "train@de", "work/model.joblib"),
        ("{foreach: [en, de], do: {wdir: 'work/${item}', cmd: x}}", "train@de", "work/de/model.joblib"),
        ("{foreach: {en: 1, de: 2}, do: {wdir: '${ key }', cmd: x}}", "train@en", "en/model.joblib"),
        ("{matrix: {a: [1, 2]}, wdir: work, cmd: x}", "train@1", "work/model.joblib"),
        ("{foreach: [en], do: null}", "train@en", "model.joblib"),
    ],
)
def test_outputs_lie_where_their_stage_runs(repo: Repository, entry: str, stage: str, path: str) -> None:
    files = {"m/dvc.yaml": f"stages:\n  train: {entry}\n", "m/dvc.lock": lock(stage)}
    commit_all(repo, files)
    assert tracked(repo, "HEAD", f"m/{path}") == Tracked(f"m/{path}", MD5, 5)
    assert tracked(repo, "HEAD", "m/elsewhere/model.joblib") is None
