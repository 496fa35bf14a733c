"""Rows of feedback that a person has taken out of a model's data: they become none again.

They are found in history: where a commit of the default branch changed the folder's ``.dvc`` file, what its
parent had and it has not was taken out. A collection only adds; its commits say so in a line that names the
folder before and after, and are passed over where that is true. What was found is written beside the folder
with the next rows, in ``<folder>.withdrawn``, since old data may be deleted some day; people may write there
too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gitmodel.errors import GitmodelError, InvalidFile
from gitmodel.git.commits import Commit, read_log
from gitmodel.git.objects import read_file, read_objects
from gitmodel.git.repository import Repository
from gitmodel.pipelines.partitions import read_ids
from gitmodel.pipelines.telling import Say
from gitmodel.spec.paths import within
from gitmodel.training.fetching import fetch_file, list_folder
from gitmodel.training.lock import tracked

ENDING = ".withdrawn"
_HEAD = "# Predictions whose rows were taken out of the data: they become no rows again.\n"
_SEEN = re.compile(r"# commit ([0-9a-f]{40,64})")
_ADDED = re.compile(r"^Feedback-Added: (\S+) (\S+)$", re.MULTILINE)
_ID = re.compile(r"[0-9a-f]{16}-[0-9]{1,9}")
_NONE = "none"


@dataclass(frozen=True)
class TakenOut:
    """The predictions whose rows were taken out, and the commits that were looked at."""

    ids: frozenset[str] = frozenset()
    commits: frozenset[str] = frozenset()

    def text(self) -> bytes:
        """Write them: `_parse` reads the same back."""
        lines = [
            *(f"# commit {each}\n" for each in sorted(self.commits)),
            *(f"{each}\n" for each in self.ids),
        ]
        return "".join([_HEAD, *sorted(lines)]).encode()


def added_line(repo: Repository, parent: str, path: str, pointer: str) -> str:
    """Return the line of a message that says that a commit has only added files to a folder.

    Args:
        repo: Where the parent is.
        parent: The commit before.
        path: The folder.
        pointer: The digest of the folder after it.
    """
    return f"Feedback-Added: {_pointer(repo, parent, path)} {pointer}"


def find_taken_out(repo: Repository, tip: str, path: str, say: Say) -> tuple[TakenOut, bool]:
    """Find the rows of a folder that were taken out up to a commit.

    Args:
        repo: Where to look.
        tip: The commit.
        path: The folder that rows are added to.
        say: Told of rows that nobody can read any more.

    Returns:
        Them, and whether some are not written beside the folder yet.

    Raises:
        InvalidFile: If a line beside the folder is none.
    """
    known = _parse(read_file(repo, tip, f"{path}{ENDING}") or b"", f"{path}{ENDING}")
    ids, commits = set(known.ids), set(known.commits)
    for commit in read_log(repo, tip, paths=[f"{path}.dvc"]):
        if commit.oid in known.commits or not commit.parents or _only_adds(repo, commit, path):
            continue
        try:
            ids |= set(_gone(repo, commit, path))
        except GitmodelError as error:
            say(f"[feedback] what {commit.oid[:12]} has taken out of {path} may become rows again:")
            say(f"[feedback] {error.message}; write their ids into {path}{ENDING}")
            continue
        commits.add(commit.oid)
    found = TakenOut(frozenset(ids), frozenset(commits))
    return found, found.ids != known.ids


def _only_adds(repo: Repository, commit: Commit, path: str) -> bool:
    """Say whether a commit, or what it has merged, is known to have added files only."""
    texts = [commit.message]
    texts += [each.data.decode("utf-8", "replace") for each in read_objects(repo, commit.parents[1:]) if each]
    said = {match.groups() for text in texts for match in _ADDED.finditer(text)}
    if not said:
        return False
    return (_pointer(repo, commit.parents[0], path), _pointer(repo, commit.oid, path)) in said


def _pointer(repo: Repository, commit: str, path: str) -> str:
    known = tracked(repo, commit, path)
    return known.md5 if known else _NONE


def _gone(repo: Repository, commit: Commit, path: str) -> Iterator[str]:
    """Yield the predictions of files that a commit's parent has, and it has not, or not as they were."""
    before = _files(repo, commit.parents[0], path)
    after = set(_files(repo, commit.oid, path).values()) if before else set()
    gone = [name for name, md5 in before.items() if md5 not in after and name.endswith(".parquet")]
    return read_ids(fetch_file(repo, commit.parents[0], within(path, name)) for name in gone)


def _files(repo: Repository, commit: str, path: str) -> dict[str, str]:
    known = tracked(repo, commit, path)
    return list_folder(repo, commit, known) if known and known.path == path and known.is_folder else {}


def _parse(content: bytes, file: str) -> TakenOut:
    ids, commits = set(), set()
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        text = line.strip()
        if seen := _SEEN.fullmatch(text):
            commits.add(seen[1])
        elif _ID.fullmatch(text):
            ids.add(text)
        elif text and not text.startswith("#"):
            hint = "write the id of a prediction, as the column `_prediction` has it"
            raise InvalidFile(f"{file}, line {number} names no prediction: {text[:40]!r}", hint=hint)
    return TakenOut(frozenset(ids), frozenset(commits))
