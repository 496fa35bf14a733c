"""Which commits a collection keeps, and which files of DVC they and the work trees name."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gitmodel.errors import InvalidFile
from gitmodel.git.commits import read_log
from gitmodel.git.notes import read_notes
from gitmodel.git.objects import read_objects
from gitmodel.git.refs import list_refs
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid, RefUpdate
from gitmodel.metrics.records import METRICS_REF, parse_record
from gitmodel.registry.desired import Desired, parse_desired, read_desired
from gitmodel.registry.environments import env_tip, environments, file_name
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Version

_TAGS, _RUNS = "refs/tags/", "refs/runs/"
_OWN = ("refs/notes/", "refs/gitmodel/")
# Whatever a lock calls it and however it is written: what looks like a digest is kept.
_DIGEST = re.compile(rb"\b[0-9a-f]{32}(?:\.dir)?\b")
_LOCKS = (":(glob)**/dvc.lock", ":(glob)**/*.dvc")


@dataclass(frozen=True)
class Policy:
    """What to keep: the newest versions of a model (None: all), runs and files younger than this.

    ``own_cache`` says that a cache outside of the repository is of this repository alone.
    """

    keep_versions: int | None = None
    keep_runs: timedelta = timedelta(days=30)
    grace: timedelta = timedelta(hours=1)
    own_cache: bool = False


@dataclass(frozen=True)
class Scope:
    """What a policy means for a repository.

    Attributes:
        kept: Commits, or tags of them, whose data are needed.
        wanted: Model and version of what environments want, or would return to.
        dropped: The versions whose data are not needed for their own sake.
        runs: Run refs to delete.
    """

    kept: frozenset[Oid]
    wanted: frozenset[tuple[str, str]]
    dropped: tuple[Version, ...]
    runs: tuple[RefUpdate, ...]


def scope(repo: Repository, policy: Policy) -> Scope:
    """Decide what is kept: nothing is read of DVC, and nothing changes."""
    refs = list_refs(repo)
    versions, _ = Registry(repo).read()
    wanted = frozenset(_wanted(repo))
    dropped = _dropped(versions, wanted, policy.keep_versions)
    tags = {f"{_TAGS}{version.tag}" for version in dropped}
    tagged = {version.commit for version in versions}
    # What a tag names is kept or dropped as a version, whenever it was trained.
    runs = {name: oid for name, oid in refs.items() if name.startswith(_RUNS) and oid not in tagged}
    young = _young(repo, set(runs.values()), datetime.now(UTC) - policy.keep_runs)
    kept = {oid for name, oid in refs.items() if not name.startswith((*_OWN, _RUNS)) and name not in tags}
    old = [RefUpdate(name, None, oid) for name, oid in runs.items() if oid not in young]
    return Scope(frozenset(kept | young | set(_heads(repo))), wanted, dropped, tuple(old))


def _dropped(
    versions: Sequence[Version], wanted: frozenset[tuple[str, str]], keep: int | None
) -> tuple[Version, ...]:
    """Return the versions that are neither among the newest of their model nor wanted by an environment."""
    if keep is None:
        return ()
    seen: dict[str, int] = {}  # they come newest first
    dropped = []
    for version in versions:
        seen[version.model] = seen.get(version.model, 0) + 1
        if seen[version.model] > keep and (version.model, version.version) not in wanted:
            dropped.append(version)
    return tuple(dropped)


def _wanted(repo: Repository) -> Iterator[tuple[str, str]]:
    """Yield what environments want, and what each would return to in a rollback."""
    for env in environments(repo):
        tip = env_tip(repo, env)
        assert tip is not None
        for model, desired in read_desired(repo, env, tip).items():
            if desired.version is not None:
                yield model, desired.version
            states = _states(repo, tip, model)
            bad = {state.hold.bad_version for state in states if state.hold} | {desired.version}
            good = (state.version for state in states if state.version not in bad)
            if last := next(filter(None, good), None):
                yield model, last


def _states(repo: Repository, tip: Oid, model: str) -> list[Desired]:
    file = file_name(model)
    names = [f"{commit.oid}:{file}" for commit in read_log(repo, tip, paths=[file])]
    states = []
    for blob in read_objects(repo, names):
        with suppress(InvalidFile):
            states.append(parse_desired(model, blob.data if blob else b""))
    return states


def _young(repo: Repository, commits: set[Oid], since: datetime) -> set[Oid]:
    """Return the commits made since then, or trained since: a run commit has the date of its source."""
    young = set()
    for commit, held in zip(commits, read_objects(repo, commits), strict=True):
        stamp = re.search(rb"^committer .*> (\d+) ", held.data, re.MULTILINE) if held else None
        if stamp and datetime.fromtimestamp(int(stamp[1]), UTC) >= since:
            young.add(commit)
    for commit, lines in read_notes(repo, METRICS_REF, commits - young).items():
        for line in lines:
            with suppress(InvalidFile, ValueError):
                record = parse_record(line)
                if record.kind == "training" and datetime.fromisoformat(record.at) >= since:
                    young.add(commit)
    return young


def _heads(repo: Repository) -> Iterator[Oid]:
    """Yield the commits that work trees have checked out, whether or not a branch names them."""
    yield from map(Oid, _listed(repo, "HEAD "))


def _listed(repo: Repository, key: str) -> list[str]:
    """Return a fact of each work tree."""
    lines = repo.git("worktree", "list", "--porcelain").splitlines()
    return [line.removeprefix(key) for line in lines if line.startswith(key)]


@dataclass
class Needs:
    """What is needed: digests of DVC, and ids of git's blobs."""

    digests: set[str] = field(default_factory=set)
    blobs: set[str] = field(default_factory=set)


def needs(repo: Repository, kept: Iterable[Oid]) -> Needs:
    """Return what commits name, and the files of work trees, committed or not."""
    found = Needs()
    trees = Trees(repo, sorted(kept))
    for data in trees.locks():
        found.digests |= digests(data)
    found.blobs |= trees.blobs
    for data in _uncommitted(repo):
        found.digests |= digests(data)
    return found


def is_digest(name: str) -> bool:
    """Say whether a name is a digest as DVC writes them."""
    return bool(_DIGEST.fullmatch(name.encode()))


def digests(data: bytes) -> set[str]:
    """Return everything in a lock or ``.dvc`` file that looks like a digest of DVC."""
    return {match.decode() for match in _DIGEST.findall(data)}


def _uncommitted(repo: Repository) -> Iterator[bytes]:
    """Yield the locks and ``.dvc`` files of every work tree as they are on disk, and as they are staged."""
    for tree in map(Path, _listed(repo, "worktree ")):
        if not (tree / ".git").exists():  # bare, or its folder is gone
            continue
        out = repo.run("ls-files", "-z", "--cached", "--others", "--", *_LOCKS, cwd=tree).text
        for name in filter(None, out.split("\0")):
            with suppress(OSError):
                yield (tree / name).read_bytes()
        staged = repo.run("ls-files", "-z", "--stage", "--", *_LOCKS, cwd=tree).text
        ids = [entry.split(" ")[1] for entry in staged.split("\0") if entry]
        yield from (blob.data for blob in read_objects(repo, ids) if blob)


class Trees:
    """The files of many commits, each tree and lock read once: commits share most of them.

    Args:
        repo: Where they are.
        commits: Commits, or tags of them; what is none is passed over.

    Attributes:
        blobs: Ids of all files.
    """

    def __init__(self, repo: Repository, commits: Sequence[Oid]) -> None:
        self._repo = repo
        self._entries: dict[str, list[tuple[str, str, bool]]] = {}
        self.blobs: set[str] = set()
        roots = read_objects(repo, [f"{commit}^{{tree}}" for commit in commits])
        self.roots = {commit: root.oid for commit, root in zip(commits, roots, strict=True) if root}
        level = {root.oid: root.data for root in roots if root}
        while level:
            for oid, data in level.items():
                self._entries[oid] = list(_entries(data, len(oid) // 2))
            below = {
                oid
                for parent in level
                for _, oid, is_tree in self._entries[parent]
                if is_tree and oid not in self._entries
            }
            level = {tree.oid: tree.data for tree in read_objects(repo, below) if tree}
        self.blobs = {oid for entries in self._entries.values() for _, oid, is_tree in entries if not is_tree}

    def locks(self) -> list[bytes]:
        """Return each lock and ``.dvc`` file."""
        ids = {
            oid for entries in self._entries.values() for name, oid, tree in entries if _is_lock(name, tree)
        }
        return [blob.data for blob in read_objects(self._repo, ids) if blob and blob.type == "blob"]

    def locks_of(self, commit: Oid) -> Mapping[str, bytes]:
        """Return the locks and ``.dvc`` files of one commit, by path."""
        paths = dict(self._walk(self.roots[commit], "")) if commit in self.roots else {}
        blobs = read_objects(self._repo, paths.values())
        return {path: blob.data for path, blob in zip(paths, blobs, strict=True) if blob}

    def _walk(self, tree: str, folder: str) -> Iterator[tuple[str, str]]:
        for name, oid, is_tree in self._entries.get(tree, ()):
            if is_tree:
                yield from self._walk(oid, f"{folder}{name}/")
            elif _is_lock(name, is_tree):
                yield f"{folder}{name}", oid


def _is_lock(name: str, is_tree: bool) -> bool:  # noqa: FBT001 - what the entry says
    return not is_tree and (name == "dvc.lock" or name.endswith(".dvc"))


def _entries(data: bytes, width: int) -> Iterator[tuple[str, str, bool]]:
    """Read a tree as git stores it: ``mode name``, a zero byte, the id in ``width`` bytes."""
    at = 0
    while at < len(data):
        end = data.index(b"\0", at)
        mode, _, name = data[at:end].partition(b" ")
        at = end + 1 + width
        if mode != b"160000":  # a submodule's commit is elsewhere
            yield name.decode("utf-8", "surrogateescape"), data[end + 1 : at].hex(), mode == b"40000"
