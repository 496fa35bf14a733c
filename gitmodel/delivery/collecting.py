"""Bring what the services of an environment keep of predictions and feedback to this machine."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gitmodel import clock
from gitmodel.delivery import playbook
from gitmodel.delivery.deploy import find_target
from gitmodel.delivery.inventories import find_inventory
from gitmodel.delivery.locks import environment_lock
from gitmodel.delivery.playbook import Task
from gitmodel.delivery.pruning import kept_for, prune
from gitmodel.errors import GitmodelError
from gitmodel.git.refs import default_rev
from gitmodel.git.repository import Repository
from gitmodel.registry.names import model_key
from gitmodel.spec import load_models


@dataclass(frozen=True)
class Collected:
    """What came from a host; ``problem`` says why nothing, or not all, came ("": all did)."""

    host: str
    segments: int = 0
    lines: int = 0
    bytes: int = 0
    problem: str = ""


def live_folder(repo: Repository, env: str) -> Path:
    """Return the folder that copies of an environment's segments are in: a folder a host."""
    return repo.state / "live" / env


def collect(
    repo: Repository, env: str, *, sink: Callable[[str], None], model: str = ""
) -> tuple[Collected, ...]:
    """Bring the lines that are new on each host of an environment; none twice, whatever interrupts it.

    Args:
        repo: The repository.
        env: Name of the environment.
        sink: Told whom it waits for.
        model: Only this one; "": all.

    Returns:
        The hosts by name; one that is down says so, and the others are collected all the same.

    Raises:
        UsageError: If there is no such environment here.
        InvalidFile: If its inventory is missing.
        ToolFailed: If ansible itself fails.
    """
    target = find_target(repo, env)
    if target.kubernetes is not None:
        return (Collected(env, problem="what pods of a cluster keep is not collected yet"),)
    into = live_folder(repo, env)
    workspace = into / ".run"
    with environment_lock(into / ".lock", f"a collection from {env}", sink):
        begun = clock.now()
        workspace.mkdir(exist_ok=True)
        inventory = find_inventory(repo, target.inventory, workspace)
        request = {"root": str(target.root), "into": str(into), "model": model}
        output, code = playbook.attempt(
            "collect.yml", request, workspace=workspace, sink=playbook.nobody, inventory=inventory
        )
        if not output.tasks:
            raise playbook.failure(output, code)
        hosts = tuple(sorted(map(_collected, output.tasks), key=lambda each: each.host))
        if not any(host.problem for host in hosts):
            _note_complete(into, model, begun)
        _prune(repo, into)
    return hosts


def _prune(repo: Repository, into: Path) -> None:
    """Delete old copies of models whose labels become no data; of others, who makes them data does it."""
    try:
        specs = load_models(repo, default_rev(repo))
    except GitmodelError:
        return  # `validate` tells
    for spec in specs:
        if spec.feedback is None:
            prune(into, spec.name, kept_for(spec), lambda _: False)


def complete_until(repo: Repository, env: str, model: str) -> datetime | None:
    """Return up to when all that the hosts have kept of a model is here; ``None``: that is not known."""
    found = [_stamp(live_folder(repo, env), each) for each in ("", model)]
    texts = [file.read_text("utf-8") for file in found if file.is_file()]
    return max(map(datetime.fromisoformat, texts), default=None)


def _note_complete(into: Path, model: str, begun: datetime) -> None:
    file = _stamp(into, model)
    file.parent.mkdir(exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(begun.isoformat(), "utf-8")
    new.replace(file)


def _stamp(into: Path, model: str) -> Path:
    return into / ".complete" / f"{model_key(model) or '_all'}.txt"


def words_of(task: Task) -> str:
    """Return in words why a host did not do what it was asked for."""
    what = "it does not answer" if task.status == "unreachable" else "it failed"
    words = str(task.result.get("module_stderr") or task.message).strip().splitlines() or [""]
    return f"{what}: {words[0]}".removesuffix(": ")


def _collected(task: Task) -> Collected:
    if task.status != "ok":
        return Collected(task.host, problem=words_of(task))
    found = task.result.get("collected") or {}
    segments, lines, size = (int(found.get(name, 0)) for name in ("segments", "lines", "bytes"))
    return Collected(task.host, segments, lines, size)
