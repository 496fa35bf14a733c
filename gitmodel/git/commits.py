"""Write commits with no checkout and no index, and read history in one pass."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gitmodel import clock
from gitmodel.git.objects import data_block, file_commands, list_files
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid

# The branch that fast-import insists on; it is dropped again in the same stream and never becomes a ref.
_SCRATCH = b"refs/gitmodel/scratch"


def commit_files(
    repo: Repository,
    *,
    parent: Oid | None,
    changes: Mapping[str, bytes | None],
    message: str,
    merged: Sequence[Oid] = (),
    at: int | None = None,
    keep_modes: bool = True,
    author: str | None = None,
) -> Oid:
    """Store a commit that changes files of its parent; no ref and no work tree is touched.

    Args:
        repo: Where to store it.
        parent: The commit to start from; ``None`` starts from nothing.
        changes: New content by path; ``None`` deletes the file.
        message: The commit message.
        merged: Further parents, whose files are not looked at.
        at: When, in seconds since 1970; default: now.
        keep_modes: Look up which files of the parent are executable; there are none among notes.
        author: ``Name <email>``; default: who commits.

    Returns:
        The commit, even where it equals its parent's tree.
    """
    known = list_files(repo, parent) if parent and keep_modes else {}
    modes = {path: entry.mode for path, entry in known.items()}
    stream = b"".join(
        (
            b"feature done\n",
            b"commit %s\nmark :1\n" % _SCRATCH,
            _people(repo, int(clock.now().timestamp()) if at is None else at, author),
            data_block(message.encode("utf-8", "surrogateescape")),
            b"from %s\n" % parent.encode() if parent else b"",
            *(b"merge %s\n" % oid.encode() for oid in merged),
            file_commands(changes, modes),
            b"get-mark :1\n",
            b"reset %s\nfrom %s\n\n" % (_SCRATCH, b"0" * len(parent or "0" * 40)),
            b"done\n",
        )
    )
    return Oid(repo.git("fast-import", "--quiet", "--date-format=raw", stdin=stream))


def _people(repo: Repository, at: int, author: str | None) -> bytes:
    identity = repo.identity()
    if author is not None:
        name, _, email = author.partition("<")
        identity |= {"GIT_AUTHOR_NAME": name.strip(), "GIT_AUTHOR_EMAIL": email}
    lines = []
    for role in ("AUTHOR", "COMMITTER"):
        name, email = (_name(identity[f"GIT_{role}_{part}"]) for part in ("NAME", "EMAIL"))
        lines.append(f"{role.lower()} {name} <{email}> {at} +0000\n")
    return "".join(lines).encode("utf-8", "surrogateescape")


def _name(text: str) -> str:
    return "".join(char for char in text if char not in "<>\n\0")


@dataclass(frozen=True)
class Commit:
    """What a log shows of one commit."""

    oid: Oid
    parents: tuple[Oid, ...]
    author: str
    date: str
    message: str

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0]


def read_log(
    repo: Repository, tip: str, *, paths: Sequence[str] = (), limit: int | None = None
) -> list[Commit]:
    """Return the commits reachable from ``tip`` along first parents, newest first.

    Args:
        repo: Where to look.
        tip: Revision to start from.
        paths: Only commits that change one of these.
        limit: At most so many.
    """
    bound = [f"--max-count={limit}"] if limit is not None else []
    out = repo.git(
        "log", "-z", "--first-parent", "--format=%H%n%P%n%an <%ae>%n%cI%n%B", *bound, tip, "--", *paths
    )
    return [_parse_commit(record) for record in out.split("\0") if record]


def _parse_commit(record: str) -> Commit:
    oid, parents, author, date, message = record.split("\n", 4)
    return Commit(Oid(oid), tuple(map(Oid, parents.split())), author, date, message.rstrip("\n"))
