"""What is sent to a host: whole, checked, installed without any network."""

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gitmodel.delivery.ansible.action_plugins.gitmodel_switch import make_archive
from gitmodel.delivery.ansible.module_utils.gitmodel_cargo import (
    Cargo,
    environment,
    missing,
    parse_cargo,
    prune,
    tools,
    unload,
)
from gitmodel.delivery.ansible.module_utils.gitmodel_layout import HostError, Layout, Program
from gitmodel.delivery.ansible.module_utils.gitmodel_rollout import tree_digest
from tests.wheels import make_wheel

PROGRAM = Program("a/b", "1", "c" * 64)


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def uv_wheel(folder: Path) -> Path:
    """Return a wheel with the uv that is installed here."""
    wheel = make_wheel(folder, "uv", "1", script="#!/bin/sh\n")
    found = shutil.which("uv")
    assert found is not None
    again = folder / "again"
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(again, "w") as new:
        for name in old.namelist():
            new.writestr(name, Path(found).read_bytes() if "scripts" in name else old.read(name))
    return again.replace(wheel)


@pytest.fixture
def sent(tmp_path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return a cargo as JSON, and the folders of its parts."""
    wheels, release = tmp_path / "wheels", tmp_path / "release"
    release.mkdir()
    (release / "model").write_text("weights")
    service, uv = make_wheel(wheels, "service", "3.1"), uv_wheel(wheels)
    cargo = {
        "program": PROGRAM.as_json(),
        "tree": tree_digest(release),
        "lock": f"service==3.1 --hash=sha256:{sha256(service)}\n",
        "wheels": {service.name: sha256(service)},
        "tools": {uv.name: sha256(uv)},
    }
    return cargo, {"release": str(release), "wheels": str(wheels), "tools": str(wheels)}


def test_a_host_gets_what_it_lacks(tmp_path: Path, sent: tuple[dict[str, Any], dict[str, str]]) -> None:
    fields, sources = sent
    layout, cargo = Layout(tmp_path / "root"), parse_cargo(fields)
    layout.make()
    assert missing(layout, cargo) == ["release", "wheels", "tools"]
    archive = make_archive(tmp_path, fields, sources, missing(layout, cargo))
    assert make_archive(tmp_path, fields, sources, ["tools", "wheels", "release"]) == archive
    assert unload(layout, cargo, archive) == ["release", "wheels", "tools"]
    assert missing(layout, cargo) == []
    assert unload(layout, cargo, archive) == []
    python = environment(layout, cargo.lock) / "bin" / "python"
    assert subprocess.check_output([python, "-c", "import service; print(service.version)"]) == b"3.1\n"
    assert os.access(tools(layout, cargo) / "uv", os.X_OK)
    assert not (layout.root / "incoming").exists()
    (layout.release(PROGRAM) / "model").write_text("changed by hand")
    assert missing(layout, cargo) == ["release"]


def test_nothing_that_was_changed_on_its_way_is_installed(
    tmp_path: Path, sent: tuple[dict[str, Any], dict[str, str]]
) -> None:
    fields, sources = sent
    layout = Layout(tmp_path / "root")
    layout.make()
    (wheel,) = fields["wheels"]
    archive = make_archive(tmp_path, fields, sources, ["release", "wheels", "tools"])
    for changed, words in (
        ({"wheels": {wheel: "0" * 64}}, "its sha256 differs"),
        ({"wheels": {"other-1-py3-none-any.whl": "0" * 64}}, "was not sent"),
        ({"lock": f"service==3.1 --hash=sha256:{'0' * 64}\n"}, "cannot be made on this host"),
        ({"tree": "0" * 64}, "has changed"),
    ):
        cargo = parse_cargo({**fields, **changed})
        with pytest.raises(HostError, match=words):
            unload(layout, cargo, archive)
        assert "release" in missing(layout, cargo)
    with pytest.raises(HostError, match="not the name of a wheel"):
        parse_cargo({**fields, "wheels": {"../x.whl": "0"}})
    with pytest.raises(HostError, match="not a cargo"):
        parse_cargo({"program": PROGRAM.as_json()})


@pytest.mark.parametrize("name", ["../escape", "/tmp/escape"])
def test_an_archive_cannot_write_elsewhere(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "x.tar"
    with tarfile.open(archive, "w") as tar:
        tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    layout = Layout(tmp_path / "root")
    layout.make()
    with pytest.raises(HostError, match="no plain file in it"):
        unload(layout, Cargo(PROGRAM, "0" * 64), archive)


def test_unused_environments_go(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.make()
    for age, name in enumerate(("used", "older", "old", "new")):
        (layout.root / "envs" / name).mkdir(parents=True)
        os.utime(layout.root / "envs" / name, (age, age))
    layout.config("x").write_text(f"command={layout.root}/envs/used/bin/python\n")
    assert prune(layout) == ["older"]
    assert sorted(path.name for path in (layout.root / "envs").iterdir()) == ["new", "old", "used"]
