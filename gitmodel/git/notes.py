"""Notes whose text is lines: sorted, unique, merged by union, so that writers never conflict."""

from collections.abc import Iterable, Mapping

from gitmodel.errors import Conflict
from gitmodel.git.commits import commit_files
from gitmodel.git.objects import list_files, read_objects
from gitmodel.git.refs import read_ref, update_refs
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid, RefUpdate

Lines = Mapping[Oid, Iterable[str]]
ATTEMPTS = 50


def read_notes(repo: Repository, ref: str, commits: Iterable[Oid] | None = None) -> dict[Oid, list[str]]:
    """Return the lines of the notes below ``ref`` (a ref or a commit of notes), by the commit they are on.

    Args:
        repo: Where to look.
        ref: Such as ``refs/notes/metrics``; one that does not exist has no notes.
        commits: Only the notes on these.
    """
    places = _places(repo, ref)
    if commits is not None:
        places = {oid: places[oid] for oid in set(commits) & places.keys()}
    blobs = read_objects(repo, (blob for _, blob in places.values()))
    return {oid: note_lines(blob.data) if blob else [] for oid, blob in zip(places, blobs, strict=True)}


def _places(repo: Repository, ref: str) -> dict[Oid, tuple[str, Oid]]:
    """Return path and blob of each note; git spreads many notes over folders named by leading digits."""
    places = {}
    for path, entry in list_files(repo, ref).items():
        try:
            places[Oid(path.replace("/", ""))] = (path, entry.oid)
        except ValueError:
            continue  # not a note: a file that somebody put into the tree
    return places


def note_names(ref: str, commit: Oid) -> list[str]:
    """Return the names under which git may keep the note on a commit: the more notes, the more folders."""
    cuts = (f"{ref}:" + "".join(f"{commit[at * 2 : at * 2 + 2]}/" for at in range(n)) for n in range(4))
    return [f"{cut}{commit[n * 2 :]}" for n, cut in enumerate(cuts)]


def note_lines(data: bytes) -> list[str]:
    """Return the lines of a note that hold anything."""
    return [line for line in data.decode("utf-8", "surrogateescape").split("\n") if line.strip()]


def combine(repo: Repository, ours: Oid | None, theirs: Oid | None, added: Lines) -> Oid | None:
    """Store the union of two commits of notes and of new lines; move no ref.

    Returns:
        ``ours`` or ``theirs`` itself where it already holds everything; ``None`` where there is nothing.
    """
    base, merged = _start(repo, ours, theirs)
    places = _places(repo, base) if base else {}
    wanted = {oid: set(lines) for oid, lines in added.items()}
    for tip in merged:
        other = _places(repo, tip)
        differing = [oid for oid, (_, blob) in other.items() if oid not in places or places[oid][1] != blob]
        for oid, lines in read_notes(repo, tip, differing).items():
            wanted.setdefault(oid, set()).update(lines)
    changes = _changes(repo, base, places, wanted)
    if not changes and not merged:
        return base
    message = "Merge notes" if merged else "Add notes"
    return commit_files(repo, parent=base, changes=changes, message=message, merged=merged)


def _start(repo: Repository, ours: Oid | None, theirs: Oid | None) -> tuple[Oid | None, list[Oid]]:
    """Choose the commit to build on and those to merge into it."""
    if ours is None or theirs is None or ours == theirs:
        return ours or theirs, []
    if is_ancestor(repo, ours, theirs):
        return theirs, []
    if is_ancestor(repo, theirs, ours):
        return ours, []
    return ours, [theirs]


def is_ancestor(repo: Repository, old: Oid, new: Oid) -> bool:
    """Say whether ``new`` holds all the history of ``old``."""
    return repo.run("merge-base", "--is-ancestor", old, new, check=False).code == 0


def _changes(
    repo: Repository, base: Oid | None, places: Mapping[Oid, tuple[str, Oid]], wanted: Mapping[Oid, set[str]]
) -> dict[str, bytes | None]:
    present = read_notes(repo, base, wanted) if base else {}
    changes: dict[str, bytes | None] = {}
    for oid, lines in wanted.items():
        before = set(present.get(oid, ()))
        if not lines <= before:
            path = places[oid][0] if oid in places else oid
            text = "\n".join([*sorted(before | lines), ""])
            changes[path] = text.encode("utf-8", "surrogateescape")
    return changes


def append_notes(repo: Repository, ref: str, added: Lines) -> None:
    """Add lines to notes of this repository, whoever else writes at the same time.

    Raises:
        Conflict: If others win every one of many attempts.
    """
    for attempt in range(ATTEMPTS):
        old = read_ref(repo, ref)
        new = combine(repo, old, None, added)
        if new is None or new == old:
            return
        try:
            update_refs(repo, [RefUpdate(ref, new, old)])
        except Conflict:
            if attempt == ATTEMPTS - 1:
                raise
        else:
            return
