"""Notes whose text is lines: sorted, unique, merged by union, so that writers never conflict.

People write notes by hand too: blank lines, the line ends of Windows, bytes that are not UTF-8 and files
that are no notes are all met with. Lines are text whose undecodable bytes survive a round trip.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gitmodel.errors import Conflict, ToolFailed
from gitmodel.git.refs import read_ref, update_refs
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid, RefUpdate

Lines = Mapping[Oid, Iterable[str]]
# Path and blob; git itself keeps a note in one place, hands and scripts may have put it into two.
Places = dict[Oid, list[tuple[str, str]]]

# A file of `ls-tree -z` that is named like an object, with or without folders of leading digits.
_NOTE = re.compile(r"(?<![^\0])[0-7]+ blob ([0-9a-f]+)\t([0-9a-f/]{40,})\0")
# The same in the output of `diff-tree -z`: the mode and the blob on the newer side, and the path.
_CHANGED_NOTE = re.compile(r"(?<![^\0]):[0-7]+ ([0-7]+) [0-9a-f]+ ([0-9a-f]+) [A-Z]\0([0-9a-f/]{40,})\0")
_GONE = "000000"
_DIGITS = (40, 64)
_DAMAGED_AT_MOST = 20
_MANY = 256  # notes; more are spread over folders, so that adding one need not write the names of all
_LINE_END = "\r\n"


def read_notes(repo: Repository, ref: str, commits: Iterable[Oid] | None = None) -> dict[Oid, list[str]]:
    """Return the lines of the notes below ``ref`` (a ref or a commit of notes), by the commit they are on.

    Args:
        repo: Where to look.
        ref: Such as ``refs/notes/metrics``; one that does not exist has no notes.
        commits: Only the notes on these.

    Raises:
        ToolFailed: If the list of notes cannot be read. A single note that cannot has no lines.
    """
    return {oid: note_lines(b"\n".join(filter(None, texts))) for oid, texts in read_texts(repo, ref, commits)}


def read_texts(
    repo: Repository, ref: str, commits: Iterable[Oid] | None = None
) -> Iterator[tuple[Oid, list[bytes | None]]]:
    """Yield each note as it was written, of each place that it is kept in; ``None``: missing or damaged."""
    places = list_places(repo, ref)
    if commits is not None:
        places = {oid: places[oid] for oid in set(commits) & places.keys()}
    texts = iter(_read_blobs(repo, [blob for kept in places.values() for _, blob in kept]))
    for oid, kept in places.items():
        yield oid, [next(texts) for _ in kept]


def list_places(repo: Repository, ref: str) -> Places:
    """Return where each note is kept; git spreads many notes over folders named by leading digits.

    Raises:
        ToolFailed: If there are notes, and git cannot list them.
    """
    done = repo.run("ls-tree", "-r", "-z", "--full-tree", ref, check=False)
    if done.code and repo.run("rev-parse", "--verify", "--quiet", ref, check=False).code == 0:
        words = done.stderr.decode("utf-8", "replace").strip()
        raise ToolFailed(f"the notes {ref} cannot be read", detail=words)
    return _by_object((path, blob) for blob, path in _NOTE.findall(done.text))


def _by_object(found: Iterable[tuple[str, str]]) -> Places:
    places: Places = {}
    for path, blob in found:
        oid = path.replace("/", "")
        if len(oid) in _DIGITS:
            places.setdefault(Oid.of_git(oid), []).append((path, blob))
    return places


def _read_blobs(repo: Repository, blobs: Sequence[str]) -> list[bytes | None]:
    """Read blobs, in their order; git gives up at one that is damaged, so the rest is asked for again.

    Raises:
        ToolFailed: If git gives up again and again: a dying disk, or a partial clone whose remote is away.
    """
    found: list[bytes | None] = []
    for _ in range(_DAMAGED_AT_MOST):
        asked = blobs[len(found) :]
        if not asked:
            return found
        done = repo.run(
            "cat-file", "--batch", "--buffer", stdin="\n".join([*asked, ""]).encode(), check=False
        )
        found += _split_batch(done.stdout)
        if done.code == 0:
            return found
        found.append(None)
    words = done.stderr.decode("utf-8", "replace").strip()
    raise ToolFailed(f"{_DAMAGED_AT_MOST} notes and more cannot be read", detail=words, hint="run `git fsck`")


def _split_batch(out: bytes) -> list[bytes | None]:
    """Split the output of ``cat-file --batch``, up to where it breaks off."""
    found: list[bytes | None] = []
    at = 0
    while (end := out.find(b"\n", at)) >= 0:
        head, at = out[at:end], end + 1
        if head.endswith(b" missing"):
            found.append(None)
            continue
        size = int(head[head.rindex(b" ") + 1 :])
        if at + size >= len(out):
            break
        found.append(out[at : at + size])
        at += size + 1
    return found


def note_names(ref: str, commit: Oid) -> list[str]:
    """Return the names under which git may keep the note on a commit: the more notes, the more folders."""
    cuts = (f"{ref}:" + "".join(f"{commit[at * 2 : at * 2 + 2]}/" for at in range(n)) for n in range(4))
    return [f"{cut}{commit[n * 2 :]}" for n, cut in enumerate(cuts)]


def note_lines(data: bytes) -> list[str]:
    """Return the lines of a note that hold anything, each once, whatever ends them."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    return [line for line in dict.fromkeys(map(_without_end, lines)) if line.strip()]


def _without_end(line: str) -> str:
    return line.rstrip(_LINE_END)


def raw_lines(data: bytes) -> list[str]:
    """Return the lines of a note as they stand, blank ones too."""
    return data.decode("utf-8", "surrogateescape").split("\n")


def combine(repo: Repository, ours: Oid | None, theirs: Oid | None, added: Lines) -> Oid | None:
    """Store the union of two commits of notes and of new lines; move no ref.

    Returns:
        ``ours`` or ``theirs`` itself where it already holds everything; ``None`` where there is nothing.

    Raises:
        ToolFailed: If a note that has to be merged cannot be read: what it holds would be lost.
    """
    base, merged = _start(repo, ours, theirs)
    wanted = {oid: set(lines) for oid, lines in added.items()}
    if base and not merged and not wanted:
        return base
    places = list_places(repo, base) if base else {}
    for tip in merged:
        for oid, lines in _whole_lines(repo, _differing(repo, base or tip, tip)):
            wanted.setdefault(oid, set()).update(lines)
    changes = _changes(repo, places, wanted)
    if not changes and not merged:
        return base
    return commit_notes(repo, base, changes, "Merge notes" if merged else "Add notes", merged)


def commit_notes(
    repo: Repository,
    parent: Oid | None,
    changes: Mapping[str, bytes | None],
    message: str,
    merged: Sequence[Oid] = (),
) -> Oid:
    """Store a commit of notes; ``changes``: text by path, ``None`` removes the note."""
    from gitmodel.git.commits import commit_files

    return commit_files(
        repo, parent=parent, changes=changes, message=message, merged=merged, keep_modes=False
    )


def _start(repo: Repository, ours: Oid | None, theirs: Oid | None) -> tuple[Oid | None, list[Oid]]:
    """Choose the commit to build on and those to merge into it."""
    if ours is None or theirs is None or ours == theirs:
        return ours or theirs, []
    common = repo.run("merge-base", ours, theirs, check=False).text.strip()
    if common in (ours, theirs):
        return theirs if common == ours else ours, []
    return ours, [theirs]


def is_ancestor(repo: Repository, old: Oid, new: Oid) -> bool:
    """Say whether ``new`` holds all the history of ``old``."""
    return repo.run("merge-base", "--is-ancestor", old, new, check=False).code == 0


def _differing(repo: Repository, base: Oid, tip: Oid) -> Places:
    """Return where ``tip`` keeps the notes that ``base`` lacks in that place, or has with another text."""
    out = repo.git("diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", base, tip)
    return _by_object((path, blob) for mode, blob, path in _CHANGED_NOTE.findall(out) if mode != _GONE)


def _changes(repo: Repository, places: Places, wanted: Mapping[Oid, set[str]]) -> dict[str, bytes | None]:
    present = dict(_whole_lines(repo, {oid: places[oid] for oid in wanted.keys() & places.keys()}))
    changes: dict[str, bytes | None] = {}
    many = len(places.keys() | wanted.keys()) > _MANY
    for oid, lines in wanted.items():
        before = set(present.get(oid, ()))
        if not lines <= before:
            path = places[oid][0][0] if oid in places else _new_place(oid, many=many)
            changes[path] = join_lines(sorted(before | lines))
    return changes


def _new_place(oid: Oid, *, many: bool) -> str:
    return f"{oid[:2]}/{oid[2:]}" if many else oid


def join_lines(lines: Iterable[str]) -> bytes:
    """Write lines as the text of a note."""
    return "\n".join([*lines, ""]).encode("utf-8", "surrogateescape")


def _whole_lines(repo: Repository, places: Places) -> Iterator[tuple[Oid, list[str]]]:
    """Yield the lines of notes, byte for byte.

    Raises:
        ToolFailed: If one cannot be read.
    """
    texts = iter(_read_blobs(repo, [blob for kept in places.values() for _, blob in kept]))
    for oid, kept in places.items():
        lines = []
        for _, blob in kept:
            text = next(texts)
            if text is None:
                raise ToolFailed(
                    f"the note on {oid} cannot be read: its text {blob} is missing or damaged",
                    hint="`git fsck` says more; copy the object from a clone that has it, or clone again",
                )
            lines += [line for line in raw_lines(text) if line.strip()]
        yield oid, lines


def without(repo: Repository, tip: Oid, unwanted: Lines) -> Oid:
    """Store a commit of notes that lacks these lines; all others stay as they stand.

    Returns:
        ``tip`` itself where it holds none of them.
    """
    places = list_places(repo, tip)
    chosen = [(path, blob, set(unwanted[oid])) for oid in unwanted for path, blob in places.get(oid, ())]
    texts = _read_blobs(repo, [blob for _, blob, _ in chosen])
    changes: dict[str, bytes | None] = {}
    for (path, _, gone), text in zip(chosen, texts, strict=True):
        lines = raw_lines(text or b"")
        kept = [line for line in lines if line not in gone]
        if len(kept) < len(lines):
            whole = "\n".join(kept).encode("utf-8", "surrogateescape")
            changes[path] = whole if whole.strip() else None
    return commit_notes(repo, tip, changes, "Take lines out of notes") if changes else tip


def append_notes(repo: Repository, ref: str, added: Lines) -> None:
    """Add lines to notes of this repository, whoever else writes at the same time.

    Raises:
        Conflict: If others win every one of many attempts.
    """
    from gitmodel.git.retry import GIVING_UP, attempts

    words = ""
    for _ in attempts():
        old = read_ref(repo, ref)
        new = combine(repo, old, None, added)
        if new is None or new == old:
            return
        try:
            update_refs(repo, [RefUpdate(ref, new, old)])
        except Conflict as error:
            words = error.detail
            continue
        return
    raise Conflict(f"others keep changing {ref}", hint=GIVING_UP, detail=words)
