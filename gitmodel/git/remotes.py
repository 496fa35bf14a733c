"""Fetch from and push to the remote; what belongs together arrives together or not at all."""

import random
import re
import sys
import time
from collections.abc import Mapping, Sequence

from gitmodel.errors import Conflict, ToolFailed
from gitmodel.git.notes import ATTEMPTS, Lines, combine
from gitmodel.git.refs import list_refs, read_ref, update_refs
from gitmodel.git.repository import Repository
from gitmodel.git.tracking import default_remote, local_name
from gitmodel.git.values import Oid, RefUpdate

_NOTES = "refs/notes/"
_FETCHED = "refs/gitmodel/fetched/"
_STALE = (
    "stale info",
    "fetch first",
    "non-fast-forward",
    "already exists",
    "cannot lock ref",
    "failed to update ref",
    "atomic transaction failed",
)
_REJECTED = re.compile(r"^!\t[^:\n]*:([^\t\n]+)\t(.*)$", re.MULTILINE)


def list_remote(repo: Repository, *patterns: str) -> dict[str, Oid]:
    """Return the refs of the remote that match; nothing where there is no remote.

    Raises:
        ToolFailed: If the remote does not answer.
    """
    remote = default_remote(repo)
    if remote is None:
        return {}
    out = repo.git("ls-remote", "--refs", remote, *patterns)
    pairs = (line.split("\t", 1) for line in out.splitlines())
    return {name: Oid(oid) for oid, name in pairs}


def fetch(repo: Repository, *extra: str) -> None:
    """Bring tags, environments and notes of the remote in line with it; ``extra``: further refs by full name.

    Raises:
        ToolFailed: If the remote does not answer, or a tag here differs from the one there.
    """
    remote = default_remote(repo)
    if remote is None:
        return
    specs = [
        "refs/tags/*:refs/tags/*",
        f"+refs/heads/*:refs/remotes/{remote}/*",
        f"+{_NOTES}*:{_FETCHED}notes/*",
        *(f"+{ref}:{ref}" for ref in extra),
    ]
    _fetch(repo, remote, specs)
    for name, theirs in fetched_notes(repo).items():
        _merge_notes(repo, name, theirs)


def fetched_notes(repo: Repository) -> dict[str, Oid]:
    """Return the notes of the remote as they were when last fetched, by the name that they have there."""
    found = list_refs(repo, f"{_FETCHED}notes/")
    return {name.replace(f"{_FETCHED}notes/", _NOTES, 1): oid for name, oid in found.items()}


def _fetch(repo: Repository, remote: str, specs: Sequence[str]) -> None:
    done = repo.run("fetch", "--no-tags", "--no-write-fetch-head", remote, *specs, check=False)
    if done.code:
        words = done.stderr.decode("utf-8", "replace").strip()
        hint = ""
        if "clobber" in words:
            hint = "a tag of yours differs from the one shared: `git tag -d` it, then fetch again"
        raise ToolFailed(f"could not fetch from {remote}", detail=words, hint=hint)


def fetch_refs(repo: Repository, *refs: str) -> None:
    """Fetch single refs by full name to the same name here; those that the remote lacks are passed over."""
    remote = default_remote(repo)
    there = list_remote(repo, *refs)
    if remote and there:
        _fetch(repo, remote, [f"+{ref}:{ref}" for ref in refs if ref in there])


def _merge_notes(repo: Repository, ref: str, theirs: Oid, added: Lines | None = None) -> None:
    for _ in range(ATTEMPTS):
        ours = read_ref(repo, ref)
        new = combine(repo, ours, theirs, added or {})
        if new is None or new == ours:
            return
        try:
            update_refs(repo, [RefUpdate(ref, new, ours)])
        except Conflict:
            _pause()
        else:
            return
    raise Conflict(f"others keep changing {ref}", hint="run the command again")


def publish(repo: Repository, updates: Sequence[RefUpdate], notes: Mapping[str, Lines] | None = None) -> None:
    """Change refs and add notes, all or nothing: here, or at the remote and then here.

    Notes never conflict: they are merged and tried again until they land. For the other refs the expected
    old value decides.

    Args:
        repo: Where we are.
        updates: Refs under the names that the remote uses; see `local_name`.
        notes: Lines to add, by notes ref and commit.

    Raises:
        Conflict: If one of ``updates`` lost a race; nothing has changed.
        ToolFailed: If the remote does not answer or refuses (its hook's words are in ``detail``).
    """
    added = dict(notes or {})
    for _ in range(ATTEMPTS):
        attempt = _attempt(repo, updates, added)
        if attempt:
            return
        _pause()
    raise Conflict("others keep writing to the remote", hint="run the command again")


def _attempt(repo: Repository, updates: Sequence[RefUpdate], added: Mapping[str, Lines]) -> bool:
    """Try once; say whether it landed (``False``: only notes were in the way)."""
    remote = default_remote(repo)
    theirs = _fetch_notes(repo, remote, added) if remote else {}
    local, shared = [], list(updates)
    for ref, lines in added.items():
        ours = read_ref(repo, ref)
        new = combine(repo, ours, theirs.get(ref), lines)
        if new != ours:
            local.append(RefUpdate(ref, new, ours))
        if new != theirs.get(ref):
            shared.append(RefUpdate(ref, new, theirs.get(ref)))
    try:
        if remote:
            _push(repo, remote, shared)
            _follow(repo, updates, local)
        else:
            update_refs(repo, [*updates, *local])
    except Conflict:
        if _still_expected(repo, updates, remote):
            return False
        raise
    return True


def _fetch_notes(repo: Repository, remote: str, added: Mapping[str, Lines]) -> dict[str, Oid]:
    there = list_remote(repo, *added) if added else {}
    names = {ref: _FETCHED + ref.removeprefix("refs/") for ref in there if ref in added}
    if names:
        _fetch(repo, remote, [f"+{ref}:{name}" for ref, name in names.items()])
    found = ((ref, read_ref(repo, name)) for ref, name in names.items())
    return {ref: oid for ref, oid in found if oid}


def _push(repo: Repository, remote: str, updates: Sequence[RefUpdate]) -> None:
    if not updates:
        return
    leases = [f"--force-with-lease={update.ref}:{update.old or ''}" for update in updates]
    specs = [f"{update.new or ''}:{update.ref}" for update in updates]
    lines: list[str] = []

    def hear(line: str) -> None:
        lines.append(line)
        if line.startswith("remote:"):  # what the hooks of the remote say while they work
            sys.stderr.write(f"{line.rstrip()}\n")
            sys.stderr.flush()

    code = repo.stream("push", "--porcelain", "--atomic", *leases, remote, *specs, sink=hear)
    if code == 0:
        return
    words = "\n".join(lines)
    reasons = [why for _, why in _REJECTED.findall(words) if why != "[rejected] (atomic push failed)"]
    if any(stale in why for why in reasons for stale in _STALE):
        raise Conflict(f"{remote} has moved on: {'; '.join(reasons)}", detail=words)
    raise ToolFailed(f"{remote} did not take the push", detail=words)


def _follow(repo: Repository, updates: Sequence[RefUpdate], local: Sequence[RefUpdate]) -> None:
    """Bring the refs of this copy in line with what the remote has taken."""
    for update in updates:
        name = local_name(repo, update.ref)
        here = read_ref(repo, name)
        if here != update.new:
            update_refs(repo, [RefUpdate(name, update.new, here)])
    for change in local:
        assert change.new is not None
        _merge_notes(repo, change.ref, change.new)


def _still_expected(repo: Repository, updates: Sequence[RefUpdate], remote: str | None) -> bool:
    names = [update.ref for update in updates]
    if not names:
        return True
    there = list_remote(repo, *names) if remote else list_refs(repo, *names)
    return all(there.get(update.ref) == update.old for update in updates)


def _pause() -> None:
    time.sleep(random.uniform(0.01, 0.1))  # noqa: S311 - spreads writers, keeps no secret
