"""Locks and wheels for hosts that reach no package index."""

import hashlib
from pathlib import Path

import pytest

from gitmodel.errors import InvalidFile, ToolFailed
from gitmodel.packaging import Platform, package_requirements, wheelhouse
from tests.wheels import make_wheel

HOST = Platform("3.11", "x86_64")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is all that pip and uv know of packages."""
    folder = tmp_path / "index"
    for tool in ("PIP", "UV"):
        monkeypatch.setenv(f"{tool}_FIND_LINKS", str(folder))
        monkeypatch.setenv(f"{tool}_NO_INDEX", "1")
    make_wheel(folder, "tool", "1.0")
    make_wheel(folder, "tool", "2.0")
    make_wheel(folder, "service", "3.1", needs="tool<3")
    return folder


def test_everything_is_locked_and_downloaded_once(index: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    found = wheelhouse(["service==3.1"], HOST, kept)
    assert set(found.files) == {"service-3.1-py3-none-any.whl", "tool-2.0-py3-none-any.whl"}
    for name, digest in found.files.items():
        assert hashlib.sha256((found.folder / name).read_bytes()).hexdigest() == digest
        assert f"--hash=sha256:{digest}" in found.lock
    assert str(index) not in found.lock
    for wheel in index.iterdir():
        wheel.unlink()
    assert wheelhouse(["service==3.1"], HOST, kept) == found
    (found.folder / "tool-2.0-py3-none-any.whl").write_bytes(b"another")
    (found.folder / "service-3.1-py3-none-any.whl").unlink()
    with pytest.raises(ToolFailed, match="cannot be downloaded"):
        wheelhouse(["service==3.1"], HOST, kept)


def test_what_is_installed_here_is_taken_where_it_fits(index: Path, tmp_path: Path) -> None:
    from importlib.metadata import version

    own = version("click")
    for each in (own, "99.0"):
        make_wheel(index, "click", each)
    assert set(wheelhouse(["click"], HOST, tmp_path / "a").files) == {f"click-{own}-py3-none-any.whl"}
    assert set(wheelhouse(["click>=99"], HOST, tmp_path / "b").files) == {"click-99.0-py3-none-any.whl"}


@pytest.mark.usefixtures("index")
def test_what_has_no_wheel_is_told(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match=r"no wheels for Python 3\.11 on x86_64") as raised:
        wheelhouse(["missing==1"], HOST, tmp_path / "kept")
    assert "missing" in raised.value.detail


def test_requirements_of_a_package(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="damaged"):
        package_requirements(tmp_path)
    file = tmp_path / "env" / "python" / "requirements.txt"
    file.parent.mkdir(parents=True)
    file.write_text("# made\n-i somewhere\nb==2\n\na==1\n")
    assert package_requirements(tmp_path) == ("a==1", "b==2")
