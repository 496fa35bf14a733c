"""Collect what no kept version needs: objects of DVC, copies and packages of this machine, old run refs.

Deciding reads only; `collect` acts. Everything is derived anew from git each time, so a collection that was
killed is finished by the next one.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmodel.errors import InvalidFile, Refused, ToolFailed, UsageError
from gitmodel.git.refs import default_branch, resolve, update_refs
from gitmodel.git.remotes import fetch, publish
from gitmodel.git.repository import Repository
from gitmodel.git.worktrees import temporary_worktree
from gitmodel.metrics.records import now
from gitmodel.registry.versions import Version
from gitmodel.training.collected import COLLECTED_REF, Collected, format_collected, read_collected
from gitmodel.training.data_lock import collecting_data
from gitmodel.training.lock import locked_outs
from gitmodel.training.needs import Needs, Policy, Scope, Trees, needs, scope
from gitmodel.training.pipeline import Dvc, open_dvc
from gitmodel.training.sharing import words
from gitmodel.training.storage import cache_dir
from gitmodel.training.unneeded import (
    Item,
    Owners,
    short_run,
    unneeded_files,
    unneeded_objects,
    unneeded_packages,
)

if TYPE_CHECKING:
    from gitmodel.git.values import Oid

_ALL_RUNS = "refs/runs/*"
_PUSHED_AT_ONCE = 200


@dataclass(frozen=True)
class Plan:
    """What is collected.

    Attributes:
        items: What goes.
        versions: Those whose artifact can then not be had any more.
        younger: How many others stay only because they are younger than the policy's grace.
        unreadable: Needed folders whose list of files is neither here nor on the remote.
    """

    items: tuple[Item, ...] = ()
    versions: tuple[Version, ...] = ()
    younger: int = 0
    unreadable: tuple[str, ...] = ()


def collect(repo: Repository, policy: Policy, *, remote: bool = False, delete: bool = False, by: str) -> Plan:
    """Find what no kept version needs, and delete it where that is asked for.

    Args:
        repo: The repository.
        policy: What to keep.
        remote: Also on the DVC remote, which only this repository may use; and run refs of the git remote.
        delete: Delete; else nothing changes.
        by: Who collects, for the record.

    Raises:
        Refused: If the clone is shallow, its cache may be shared, the list of a needed folder is missing, or
            a training, a run or DVC is at work.
        UsageError: If nothing is committed yet, or there is no DVC remote to collect on.
        ToolFailed: If git or a remote fails.
    """
    if repo.is_shallow:
        hint = "run `git fetch --unshallow` first, or collect in another copy"
        raise Refused("a shallow clone does not know which versions there are", hint=hint)
    _check_cache(repo, policy)
    if remote:
        fetch(repo, _ALL_RUNS)  # others may have named what is there since
    with collecting_data(repo) if delete else nullcontext(), _open(repo) as dvc, _told():
        stores = _stores(dvc, remote=remote)
        kept = scope(repo, policy)
        plan = _plan(repo, policy, kept, stores, is_last=remote or not dvc.has_remote)
        if delete:
            _check_lists(plan, stores)
            _note(repo, plan, by)
            _delete_runs(repo, kept, remote=remote)
            _delete(plan, stores)
    return plan


def _check_cache(repo: Repository, policy: Policy) -> None:
    cache = cache_dir(repo).resolve()
    main = repo.git_dir.parent if repo.git_dir.name == ".git" else repo.git_dir
    if not policy.own_cache and not cache.is_relative_to(main.resolve()):
        raise Refused(
            f"the cache {cache} is outside of this repository, so others may keep their data there too",
            hint="--own-cache says that it is of this repository alone",
        )


def _check_lists(plan: Plan, stores: Mapping[str, Any]) -> None:
    """See that no object goes that may be of a folder whose list is missing."""
    if plan.unreadable and any(item.kind in stores for item in plan.items):
        names = ", ".join(plan.unreadable)
        raise Refused(
            f"which files these needed folders hold cannot be told, as their lists are missing: {names}",
            hint="`dvc push` them from a copy that has them, then run it again",
        )


@contextmanager
def _open(repo: Repository) -> Iterator[Dvc]:
    commit = resolve(repo, "HEAD") or resolve(repo, default_branch(repo))
    if commit is None:
        raise UsageError("nothing is committed here yet, so there is nothing to collect")
    with temporary_worktree(repo, commit) as tree, open_dvc(repo, tree) as dvc:
        yield dvc


@contextmanager
def _told() -> Iterator[None]:
    from dvc.exceptions import DvcException

    try:
        yield
    except DvcException as error:
        raise ToolFailed("DVC could not list or delete its files", detail=words(error)) from error


def _stores(dvc: Dvc, *, remote: bool) -> dict[str, Any]:
    """Return DVC's object stores that are collected: the cache, and the remote."""
    stores = {"cache": dvc.repo.cache.local}
    if remote:
        if not dvc.has_remote:
            raise UsageError("there is no DVC remote to collect on", hint="leave --remote out")
        stores["remote"] = dvc.repo.cloud.get_remote_odb(None, "gc")
    return stores


def _plan(repo: Repository, policy: Policy, kept: Scope, stores: Mapping[str, Any], *, is_last: bool) -> Plan:
    needed = needs(repo, kept.kept)
    unreadable = _add_members(needed, stores)
    owners = _owners(repo, kept, stores)
    found = [
        *unneeded_objects(needed, owners, stores),
        *unneeded_files(repo, needed, owners),
        *unneeded_packages(repo, kept),
    ]
    before = datetime.now(UTC).timestamp() - policy.grace.total_seconds()
    old = [item for item in found if not policy.grace or (item.at is not None and item.at <= before)]
    runs = [Item("run", run.ref, "a training without a version") for run in kept.runs]
    gone = {item.name for item in old if item.kind in stores}
    versions = [version for version in kept.dropped if is_last and _loses(version, gone, owners)]
    told = tuple(sorted(unreadable)) if is_last else ()  # else the remote has them, it is hoped
    return Plan((*runs, *old), tuple(versions), len(found) - len(old), told)


def _add_members(needed: Needs, stores: Mapping[str, Any]) -> set[str]:
    """Add the files of needed folders; return the folders whose list cannot be read."""
    unreadable = set()
    for folder in [digest for digest in needed.digests if digest.endswith(".dir")]:
        members = _members(folder, stores)
        if members is None:
            unreadable.add(folder)
        needed.digests |= set((members or {}).values())
    return unreadable


def _members(folder: str, stores: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the digests of the files of a folder, by path in it."""
    from dvc_data.hashfile.hash_info import HashInfo
    from dvc_data.hashfile.obj import HashFile  # noqa: F401 - completes the module that follows
    from dvc_data.hashfile.tree import Tree
    from dvc_objects.errors import ObjectFormatError

    for store in stores.values():
        try:
            tree = Tree.load(store, HashInfo("md5", folder))
        except (OSError, ObjectFormatError):
            continue
        return {"/".join(key): str(value.value) for key, _, value in tree if value}
    return None


def _owners(repo: Repository, kept: Scope, stores: Mapping[str, Any]) -> Owners:
    """Return path and name of the dropped versions and runs that an object was of, by its digest."""
    named = {version.commit: version.tag for version in kept.dropped}
    named |= {run.old: f"run {short_run(run.ref)}" for run in kept.runs if run.old}
    trees = Trees(repo, list(named))
    owners: dict[str, list[tuple[str, str]]] = {}
    for commit, name in named.items():
        for path, digest in _outs(trees.locks_of(commit)):
            owners.setdefault(digest, []).append((path, name))
            for below, member in (_members(digest, stores) or {}).items() if digest.endswith(".dir") else ():
                owners.setdefault(member, []).append((f"{path}/{below}", name))
    return owners


def _outs(locks: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    for file, content in locks.items():
        with suppress(InvalidFile):  # its digests are found all the same, only not which files they are of
            yield from locked_outs(content, file).items()


def _loses(version: Version, gone: set[str], owners: Owners) -> bool:
    """Say whether a version loses its artifact, or any of its files where its tag names no artifact."""
    artifact = version.facts.artifact
    if artifact and artifact.md5:
        return artifact.md5 in gone
    return any(name == version.tag for digest in gone for _, name in owners.get(digest, ()))


def _note(repo: Repository, plan: Plan, by: str) -> None:
    """Say first which artifacts go: a collection that is killed then has not gone unsaid."""
    lines: dict[Oid, list[str]] = {}
    for version in plan.versions:
        known = {(old.model, old.version) for old in read_collected(repo, version.commit)}
        if (version.model, version.version) not in known:
            line = format_collected(Collected(version.model, version.version, now(), by))
            lines.setdefault(version.commit, []).append(line)
    if lines:
        publish(repo, [], {COLLECTED_REF: lines})


def _delete_runs(repo: Repository, kept: Scope, *, remote: bool) -> None:
    for start in range(0, len(kept.runs), _PUSHED_AT_ONCE):
        some = kept.runs[start : start + _PUSHED_AT_ONCE]
        if remote:
            publish(repo, some)
        else:
            update_refs(repo, some)


def _delete(plan: Plan, stores: Mapping[str, Any]) -> None:
    """Delete; lists of folders go last, so that one can still tell what their files were."""
    for item in plan.items:
        if item.kind in {"file", "package"}:
            Path(item.place, "gitmodel.json").unlink(missing_ok=True)  # what remains is no package any more
            shutil.rmtree(item.place, ignore_errors=True)
    for kind, store in stores.items():
        objects = [item for item in plan.items if item.kind == kind]
        for is_list in (False, True):
            if places := [item.place for item in objects if item.name.endswith(".dir") == is_list]:
                store.fs.remove(places)
