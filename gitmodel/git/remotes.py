"""Fetch from and push to the remote; what belongs together arrives together or not at all."""

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence

from gitmodel.errors import Conflict, ToolFailed
from gitmodel.git.notes import Lines, combine, without
from gitmodel.git.refs import list_refs, read_ref, update_refs
from gitmodel.git.repository import Repository
from gitmodel.git.retry import GIVING_UP, attempts
from gitmodel.git.tracking import default_remote, local_name
from gitmodel.git.values import Oid, RefUpdate

_NOTES = "refs/notes/"
_FETCHED = "refs/gitmodel/fetched/"
_LOCKED = "cannot lock ref"
_STALE = (
    "stale info",
    "fetch first",
    "non-fast-forward",
    "already exists",
    _LOCKED,
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


def _fetch(repo: Repository, remote: str, specs: Sequence[str], *options: str) -> None:
    done = repo.run("fetch", "--no-tags", "--no-write-fetch-head", *options, remote, *specs, check=False)
    if done.code:
        words = done.stderr.decode("utf-8", "replace").strip()
        hint = ""
        if "clobber" in words:
            hint = "a tag of yours differs from the one shared: `git tag -d` it, then fetch again"
        error = Conflict if _LOCKED in words else ToolFailed
        raise error(f"could not fetch from {remote}", detail=words, hint=hint)


def fetch_refs(repo: Repository, *refs: str) -> None:
    """Fetch single refs by full name to the same name here; those that the remote lacks are passed over."""
    remote = default_remote(repo)
    there = list_remote(repo, *refs)
    if remote and there:
        _fetch(repo, remote, [f"+{ref}:{ref}" for ref in refs if ref in there])


def _merge_notes(repo: Repository, ref: str, theirs: Oid) -> None:
    words = ""
    for _ in attempts():
        ours = read_ref(repo, ref)
        new = combine(repo, ours, theirs, {})
        if new is None or new == ours:
            return
        try:
            update_refs(repo, [RefUpdate(ref, new, ours)])
        except Conflict as error:
            words = error.detail
            continue
        return
    raise Conflict(f"others keep changing {ref}", hint=GIVING_UP, detail=words)


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
    words: str | None = ""
    for _ in attempts():
        words = _attempt(repo, updates, added)
        if words is None:
            return
    raise Conflict("others keep writing to the remote", hint=GIVING_UP, detail=words or "")


def advance(repo: Repository, ref: str, make: Callable[[Oid | None], Oid | None]) -> Oid | None:
    """Put a commit on top of a branch, wherever that is by now.

    Args:
        repo: Where we are.
        ref: The branch, by its full name at the remote.
        make: Given the tip, returns the commit to put there; ``None``: there is no need.

    Returns:
        The commit that landed.

    Raises:
        Conflict: If others win every race.
        ToolFailed: If the remote does not answer or refuses.
    """
    for _ in attempts():
        tip = read_ref(repo, local_name(repo, ref))
        commit = make(tip)
        if commit is None:
            return None
        try:
            publish(repo, [RefUpdate(ref, commit, tip)])
        except Conflict:
            fetch(repo)
            continue
        return commit
    raise Conflict(f"others keep changing {ref.removeprefix('refs/heads/')}", hint=GIVING_UP)


def take_out(repo: Repository, ref: str, unwanted: Lines) -> None:
    """Take lines out of notes, at the remote and here; whatever others add meanwhile stays.

    A clone that had changed its notes before it heard of this brings the lines back when they are merged.

    Raises:
        Conflict: If others win every race.
        ToolFailed: If the remote does not answer or refuses.
    """
    remote, words = default_remote(repo), ""
    for _ in attempts():
        publish(repo, [], {ref: {}})
        ours = read_ref(repo, ref)
        new = without(repo, ours, unwanted) if ours else None
        if new is None or new == ours:
            return
        try:
            if remote:
                _push(repo, remote, [RefUpdate(ref, new, ours)])
                _merge_notes(repo, ref, new)
            else:
                update_refs(repo, [RefUpdate(ref, new, ours)])
        except Conflict as error:
            words = error.detail
            continue
        return
    raise Conflict(f"others keep changing {ref}", hint=GIVING_UP, detail=words)


def _attempt(repo: Repository, updates: Sequence[RefUpdate], added: Mapping[str, Lines]) -> str | None:
    """Try once; return git's words where only notes were in the way, ``None`` where it landed."""
    remote = default_remote(repo)
    try:
        theirs = _fetch_notes(repo, remote, added) if remote else {}
        here = list_refs(repo, *added) if added else {}
        local, shared = [], list(updates)
        for ref, lines in added.items():
            ours, known = here.get(ref), theirs.get(ref)
            new = combine(repo, ours, known, lines)
            if new != ours:
                local.append(RefUpdate(ref, new, ours))
            if new != known:
                shared.append(RefUpdate(ref, new, known))
        if remote:
            _push(repo, remote, shared)
            _follow(repo, updates, local)
        else:
            update_refs(repo, [*updates, *local])
    except Conflict as error:
        if _still_expected(repo, updates, remote):
            return error.detail
        raise
    return None


def _fetch_notes(repo: Repository, remote: str, refs: Iterable[str]) -> dict[str, Oid]:
    """Return where these notes of the remote are now; those that it lacks are left out."""
    names = {ref: _FETCHED + ref.removeprefix("refs/") for ref in refs}
    if not names:
        return {}
    # A pattern, unlike a name, may match nothing: this asks the remote once instead of twice.
    _fetch(repo, remote, [f"+{ref}*:{name}*" for ref, name in names.items()], "--prune")
    there = list_refs(repo, *names.values())
    return {ref: there[name] for ref, name in names.items() if name in there}


def _push(repo: Repository, remote: str, updates: Sequence[RefUpdate]) -> None:
    if not updates:
        return
    leases = [f"--force-with-lease={update.ref}:{update.old or ''}" for update in updates]
    specs = [f"{update.new or ''}:{update.ref}" for update in updates]
    lines: list[str] = []

    def hear(line: str) -> None:
        lines.append(line)
        # What the hooks of the remote say while they work; a lost race is no news, there is another try.
        if line.startswith("remote:") and _LOCKED not in line:
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
