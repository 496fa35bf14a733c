"""Wheelhouses: all that a service needs beside its package, for hosts that reach no package index.

Requirements are resolved once for a Python and a platform, into a lock with the sha256 of every file; the
wheels are downloaded once and kept. Which index they come from is what pip and uv are told on this machine;
it is written down nowhere.
"""

import hashlib
import json
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from gitmodel import process
from gitmodel.errors import InvalidFile, ToolFailed

_GLIBC = ((2, 28), (2, 17))  # what the wheels of today are built for, the newest first
_OFFLINE = "is this machine allowed to reach a package index? pip's and uv's own settings name it"


@dataclass(frozen=True)
class Platform:
    """What a wheel must fit: ``python``, such as 3.11, and ``machine``, such as x86_64 (Linux with glibc)."""

    python: str
    machine: str


@dataclass(frozen=True)
class Wheelhouse:
    """Locked wheels in a folder: the lock's text and sha256, and the sha256 of each file by its name."""

    lock: str
    digest: str
    files: Mapping[str, str]
    folder: Path


def package_requirements(package: Path) -> tuple[str, ...]:
    """Return the pinned requirements of a built package.

    Raises:
        InvalidFile: If it is damaged.
    """
    try:
        text = (package / "env" / "python" / "requirements.txt").read_text("utf-8")
    except OSError as error:
        raise InvalidFile(f"the package {package} is damaged: {error}", hint="build it again") from error
    lines = (line.strip() for line in text.splitlines())
    return tuple(sorted(line for line in lines if line and not line.startswith(("#", "-"))))


def wheelhouse(requirements: Iterable[str], platform: Platform, folder: Path) -> Wheelhouse:
    """Return the wheels of requirements for a platform, resolved and downloaded unless that was done before.

    What is installed here is taken where it fits: a package is served by what it was built and tried with.

    Args:
        requirements: As in a requirements file, each pinned.
        platform: Of the hosts.
        folder: Where locks and wheels are kept; several processes may use it at once.

    Raises:
        ToolFailed: If something has no wheel for that platform, or cannot be downloaded.
    """
    wanted = sorted(set(requirements))
    lock = _lock(wanted, platform, folder)
    digest = hashlib.sha256(lock.encode()).hexdigest()
    known = folder / "locks" / f"{digest}.json"
    wheels = folder / "wheels"
    files: dict[str, str] = json.loads(known.read_text("utf-8")) if known.is_file() else {}
    if not files or not all((wheels / name).is_file() for name in files):
        files = _download(lock, platform, wheels)
        _write(known, json.dumps(files, sort_keys=True))
    return Wheelhouse(lock, digest, files, wheels)


def _lock(requirements: Sequence[str], platform: Platform, folder: Path) -> str:
    """Return the text of the lock of requirements, made at the first time."""
    asked = json.dumps([requirements, platform.python, platform.machine])
    file = folder / "locks" / f"{hashlib.sha256(asked.encode()).hexdigest()[:24]}.txt"
    if not file.is_file():
        with tempfile.TemporaryDirectory(prefix="gitmodel-lock-") as temporary:
            place = Path(temporary)
            (place / "constraints.txt").write_text("\n".join(_installed()), "utf-8")
            try:
                text = _resolve(requirements, platform, place, ("-c", "constraints.txt"))
            except ToolFailed:  # what is here does not fit there
                text = _resolve(requirements, platform, place, ())
        _write(file, text)
    return file.read_text("utf-8")


def _installed() -> list[str]:
    return sorted({f"{found.name}=={found.version}" for found in metadata.distributions() if found.name})


def _resolve(requirements: Sequence[str], platform: Platform, place: Path, constraints: Sequence[str]) -> str:
    (place / "requirements.txt").write_text("\n".join(requirements) + "\n", "utf-8")
    major, minor = _GLIBC[0]
    argv = ["uv", "pip", "compile", "--quiet", "--generate-hashes", "--no-header", "--no-annotate"]
    argv += ["--only-binary", ":all:", "--python-version", platform.python]
    argv += ["--python-platform", f"{platform.machine}-manylinux_{major}_{minor}", *constraints]
    done = process.run([*argv, "requirements.txt"], cwd=place, check=False)
    if done.code:
        raise ToolFailed(
            f"no wheels for Python {platform.python} on {platform.machine} can be found",
            detail=done.stderr.decode("utf-8", "replace").strip(),
            hint=_OFFLINE,
        )
    return done.text


def _download(lock: str, platform: Platform, wheels: Path) -> dict[str, str]:
    """Bring the wheels of a lock that are not there; return the sha256 of each by its name."""
    wanted = dict(_entries(lock))
    wheels.mkdir(parents=True, exist_ok=True)
    found = _here(wheels, wanted)
    missing = [entry for key, entry in wanted.items() if key not in found]
    if missing:
        with tempfile.TemporaryDirectory(prefix=".new-", dir=wheels) as temporary:
            place = Path(temporary)
            (place / "lock.txt").write_text("\n".join(missing) + "\n", "utf-8")
            argv = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
            argv += ["--no-deps", "--require-hashes", "--only-binary=:all:", "-r", "lock.txt", "-d", "wheels"]
            argv += ["--implementation", "cp", "--python-version", platform.python]
            for major, minor in _GLIBC:
                argv += ["--platform", f"manylinux_{major}_{minor}_{platform.machine}"]
            argv += ["--platform", f"manylinux2014_{platform.machine}"]
            done = process.run(argv, cwd=place, check=False)
            if done.code:
                words = done.stderr.decode("utf-8", "replace").strip().splitlines()
                raise ToolFailed(
                    "the wheels that the service needs cannot be downloaded",
                    detail="\n".join(words[-20:]),
                    hint=_OFFLINE,
                )
            for file in (place / "wheels").iterdir():
                file.replace(wheels / file.name)
        found = _here(wheels, wanted)
    if len(found) != len(wanted):
        lost = ", ".join(sorted(f"{name} {version}" for name, version in wanted.keys() - found.keys()))
        raise ToolFailed(f"pip has not brought {lost}")
    return dict(found.values())


def _entries(lock: str) -> Iterable[tuple[tuple[str, str], str]]:
    """Yield name and version of each requirement in a lock with its text."""
    for text in lock.replace("\\\n", " ").splitlines():
        name, equal, rest = text.partition("==")
        if equal and not text.startswith("#"):
            yield (canonicalize_name(name.partition("[")[0]), rest.split()[0]), text


def _here(wheels: Path, wanted: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return name and sha256 of the kept wheels that a lock allows."""
    found = {}
    for file in sorted(wheels.glob("*.whl")):
        try:
            name, version, _, _ = parse_wheel_filename(file.name)
        except InvalidWheelFilename:
            continue
        key = (str(name), str(version))
        if key in wanted:
            digest = _sha256(file)
            if f"sha256:{digest}" in wanted[key]:
                found[key] = (file.name, digest)
    return found


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, delete=False) as new:
        new.write(text)
    Path(new.name).replace(file)
