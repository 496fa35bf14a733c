"""The steps of a rollout on a host: release, start, retire. Each can be repeated."""

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import gitmodel_probe as probe
from . import gitmodel_router as router
from .gitmodel_keeper import Keeper, keeper
from .gitmodel_layout import HostError, Layout, Program, VersionError, read_programs, write
from .gitmodel_ports import free_port
from .gitmodel_systemd import keep_secrets

_DEAD = ("BACKOFF", "EXITED", "FATAL", "STOPPED", "UNKNOWN")


def tree_digest(folder: Path) -> str:
    """Return a sha256 over names and contents of all files below a folder.

    Raises:
        HostError: If it holds something that is neither a folder nor a plain file.
    """
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if "__pycache__" in path.parts:
            continue  # written by whoever runs it
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise HostError(f"{path} is not a plain file; a release holds nothing else")
        if path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(os.fsencode(path.relative_to(folder)) + f"\0{content}\n".encode())
    return total.hexdigest()


def place_release(layout: Layout, program: Program, source: Path, digest: str) -> bool:
    """Copy a package to its release folder by one rename; say whether it was missing.

    Files are linked, not copied, where the file system can. What is in place already is checked by
    ``digest`` (see `tree_digest`) and replaced where it differs.

    Raises:
        HostError: If the package is not the one that the digest names.
    """
    final = layout.release(program)
    if final.is_dir() and tree_digest(final) == digest:
        note_tree(layout, program, digest)
        return False
    final.parent.mkdir(parents=True, exist_ok=True)
    for leftover in final.parent.glob(".*.tmp"):
        shutil.rmtree(leftover, ignore_errors=True)
    temporary = final.parent / f".{final.name}.{os.getpid()}.tmp"
    try:
        shutil.copytree(source, temporary, symlinks=True, copy_function=_link)
    except shutil.Error as error:  # one triple a file that could not be copied
        shutil.rmtree(temporary, ignore_errors=True)
        raise HostError(str(error.args[0][0][2])) from error
    if tree_digest(temporary) != digest:
        shutil.rmtree(temporary)
        raise HostError(f"the package {source} has changed while it was rolled out; run it again")
    if final.exists():
        shutil.rmtree(final)
    temporary.replace(final)
    note_tree(layout, program, digest)
    return True


def note_tree(layout: Layout, program: Program, digest: str) -> None:
    """Keep what `tree_digest` says of a release beside it: the package it was linked from may change too."""
    write(_tree_note(layout, program), digest + "\n")


def is_changed(layout: Layout, program: Program) -> bool:
    """Say whether files of a release are not those that were placed; one of which nothing was kept is not."""
    try:
        placed = _tree_note(layout, program).read_text("ascii").strip()
        return tree_digest(layout.release(program)) != placed
    except FileNotFoundError:
        return not layout.release(program).is_dir()
    except HostError:
        return True


def _tree_note(layout: Layout, program: Program) -> Path:
    return layout.release(program).parent / f".{program.release}.tree"


def check_release(layout: Layout, program: Program, digest: str) -> None:
    """Make sure that the release folder of a program holds what it must.

    Raises:
        HostError: If not.
    """
    final = layout.release(program)
    if not final.is_dir() or tree_digest(final) != digest:
        raise HostError(f"the release {final} is not what was sent; deploy again")


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def start(
    layout: Layout,
    program: Program,
    command: Sequence[str],
    rows: list[dict[str, Any]],
    seconds: float,
    *,
    variables: Mapping[str, str],
    limits: Mapping[str, str] = {},
    secrets: Mapping[str, str] = {},
) -> bool:
    """Run a program beside all others until it is ready, is who it must be and predicts what it must.

    Args:
        layout: Where.
        program: What; its port is chosen here.
        command: How; ``{port}`` is replaced.
        rows: Smoke predictions, each with ``input`` and ``output``.
        seconds: How long it may take to become ready.
        variables: What it finds in its environment beside what every program does.
        limits: See `Keeper.write`.
        secrets: Variables that nobody else may read, where systemd runs it.

    Returns:
        Whether anything had to be started.

    Raises:
        HostError: If it exits, is not ready in time, or answers wrongly; with its own words.
    """
    kept = keeper(layout)
    known = read_programs(layout).get(program.name)
    placed = known or program.at(free_port(layout))
    changed = bool(layout.units) and keep_secrets(layout, placed.name, secrets)
    changed |= _write_config(layout, placed, command, variables, limits)
    position = kept.position(placed.name)
    if changed or _is_stuck(kept, placed, seconds):
        kept.remove(placed.name)
        if layout.units:
            keep_secrets(layout, placed.name, secrets)
        _write_config(layout, placed, command, variables, limits)
        changed = True
    found = kept.state(placed.name)
    changed |= found is None or found["statename"] == "STOPPED"
    kept.start(placed.name)
    _await(kept, placed, position, seconds)
    _with_words(kept, placed, position, lambda: probe.check_identity(placed))
    _with_words(kept, placed, position, lambda: probe.smoke(placed, rows))
    return changed


def _write_config(
    layout: Layout,
    program: Program,
    command: Sequence[str],
    variables: Mapping[str, str],
    limits: Mapping[str, str],
) -> bool:
    layout.scratch(program.name).mkdir(parents=True, exist_ok=True)
    kept = keeper(layout)
    return kept.write(
        program.name,
        command_of(program, command),
        layout.release(program),
        {**variables, **own_variables(layout, program)},
        program=program,
        limits=limits,
    )


def command_of(program: Program, command: Sequence[str]) -> "list[str]":
    """Return the words that run a program on its port."""
    return [word.replace("{port}", str(program.port)) for word in command]


def own_variables(layout: Layout, program: Program) -> "dict[str, str]":
    """Return what a program finds in its environment of its own."""
    home = str(layout.scratch(program.name))
    return {"BENTOML_HOME": home, "TMPDIR": home, "GITMODEL_STATE": str(layout.state)}


def variables_of(environment: str) -> "dict[str, str]":
    """Return what services find in their environment beside what every program does."""
    return {"GITMODEL_ENVIRONMENT": environment}


def _is_stuck(kept: Keeper, program: Program, seconds: float) -> bool:
    """It has had its time and still is not ready."""
    found = kept.state(program.name)
    if found is None or found["statename"] not in ("RUNNING", "STARTING"):
        return False
    return found["now"] - found["start"] > seconds and not probe.is_ready(program.port)


def _await(kept: Keeper, program: Program, position: float, seconds: float) -> None:
    first: set[int] = set()

    def ready() -> bool:
        found = kept.state(program.name)
        if found is not None and found["pid"]:
            first.add(found["pid"])
        if found is None or found["statename"] in _DEAD or len(first) > 1:
            raise VersionError(
                f"{program.model} v{program.version} does not start: its service exited",
                detail=kept.words(program.name, position),
            )
        return probe.is_ready(program.port)

    if not probe.wait(ready, seconds):
        raise VersionError(
            f"{program.model} v{program.version} was not ready within {seconds:g} s",
            detail=kept.words(program.name, position),
        )


def _with_words(kept: Keeper, program: Program, position: float, check: Callable[[], None]) -> None:
    try:
        check()
    except HostError as error:
        words = kept.words(program.name, position, lines=15)
        raise type(error)(error.message, detail="\n".join(filter(None, (error.detail, words)))) from error


def discard(layout: Layout, program: Program) -> bool:
    """Stop a new program that was given up, unless requests go to it; say whether there was one."""
    placed = read_programs(layout).get(program.name)
    if placed is None or placed in router.routed(layout, program.model):
        return False
    return keeper(layout).remove(placed.name)


def others(layout: Layout, program: Program) -> list[Program]:
    """Return the programs of the same model that are not this one."""
    return [
        other
        for other in read_programs(layout).values()
        if other.model == program.model and other.name != program.name
    ]


def retire_others(layout: Layout, program: Program, keep: int) -> list[str]:
    """Stop every other version of the model, keep its newest ``keep`` releases; return what was stopped."""
    kept = keeper(layout)
    stopped = [other.name for other in others(layout, program) if kept.remove(other.name)]
    router.forget_previous(layout, program)
    for file in (layout.strategy(program.key), layout.shadow(program.key)):
        file.unlink(missing_ok=True)
    releases = sorted(
        (path for path in layout.release(program).parent.iterdir() if not path.name.startswith(".")),
        key=lambda path: path.stat().st_mtime,
        reverse=True,
    )
    for release in [path for path in releases if path != layout.release(program)][max(keep - 1, 0) :]:
        shutil.rmtree(release, ignore_errors=True)
        release.with_name(f".{release.name}.tree").unlink(missing_ok=True)
    return stopped
