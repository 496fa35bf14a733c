"""Faults of tags that hide good versions."""

import pytest

from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.registry.register import register
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Facts, RunRef
from tests.registry.test_bad_input import good, read, tag  # noqa: F401


@pytest.mark.parametrize("missing", [True, False])
def test_a_damaged_tag_hides_no_other(good: Repository, *, missing: bool) -> None:  # noqa: F811
    oid = tag(good, "m@v1", b"Subject\n")
    file = good.git_dir / "objects" / oid[:2] / oid[2:]
    file.chmod(0o644)
    file.unlink() if missing else file.write_bytes(b"garbage")
    readable, broken = read(good)
    assert readable == {"good@v1"}
    assert "m@v1" in broken
    assert Registry(good).version("good").version == "1"


def test_a_trailer_that_is_nested_very_deeply_is_named(good: Repository) -> None:  # noqa: F811
    tag(good, "m@v1", b"Subject\n\nMetrics: " + b"[" * 100_000 + b"\n")
    readable, broken = read(good)
    assert readable == {"good@v1"}
    assert "Metrics" in broken["m@v1"]


@pytest.mark.parametrize("missing", [True, False])
def test_a_damaged_tag_keeps_its_number_and_stops_no_registration(good: Repository, *, missing: bool) -> None:  # noqa: F811
    oid = tag(good, "good@v7", b"Subject\n")
    file = good.git_dir / "objects" / oid[:2] / oid[2:]
    file.chmod(0o644)
    file.unlink() if missing else file.write_bytes(b"garbage")
    commit = Oid(good.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "Run"))
    facts = Facts("Trained", run=RunRef(commit, "d" * 64))
    made = register(good, "good", commit=commit, facts=facts)
    assert (made.version.version, made.created) == ("8", True)
    elsewhere = Oid(good.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "The same elsewhere"))
    assert not register(good, "good", commit=elsewhere, facts=facts).created
