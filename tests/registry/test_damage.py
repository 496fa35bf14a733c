"""Faults of tags that hide good versions."""

import pytest

from gitmodel.git.repository import Repository
from gitmodel.registry.registry import Registry
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
