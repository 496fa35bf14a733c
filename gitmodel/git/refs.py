"""Read refs, many at once; change them, all or none, by compare-and-swap."""

from collections.abc import Sequence

from gitmodel.errors import Conflict, ToolFailed
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid, RefUpdate


def resolve(repo: Repository, name: str) -> Oid | None:
    """Return the commit that ``name`` (a ref, a commit, ``HEAD~2``) stands for; ``None``: no such commit."""
    done = repo.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}", check=False)
    return Oid(done.text.strip()) if done.code == 0 and done.text.strip() else None


def list_refs(repo: Repository, *prefixes: str) -> dict[str, Oid]:
    """Return name and target of all refs below the prefixes, such as ``refs/tags/``."""
    out = repo.git("for-each-ref", "--format=%(objectname) %(refname)", *prefixes)
    pairs = (line.split(" ", 1) for line in out.splitlines())
    return {name: Oid(oid) for oid, name in pairs}


def read_ref(repo: Repository, ref: str) -> Oid | None:
    """Return what the ref with this full name points to (a tag object for an annotated tag)."""
    return list_refs(repo, ref).get(ref)


def update_refs(repo: Repository, updates: Sequence[RefUpdate]) -> None:
    """Change all the refs, or none.

    Raises:
        Conflict: If one is not where its update expects it.
    """
    lines = ["start", *(_command(update) for update in updates), "prepare", "commit", ""]
    done = repo.run("update-ref", "--stdin", stdin="\n".join(lines).encode(), check=False)
    if done.code:
        words = done.stderr.decode("utf-8", "replace").strip()
        error = Conflict if "cannot lock ref" in words else ToolFailed
        raise error("git refused to move " + ", ".join(update.ref for update in updates), detail=words)


def _command(update: RefUpdate) -> str:
    if update.new is None:
        return f"delete {update.ref} {update.old or ''}".rstrip()
    if update.old is None:
        return f"create {update.ref} {update.new}"
    return f"update {update.ref} {update.new} {update.old}"


def default_branch(repo: Repository) -> str:
    """Return the short name of the branch that releases come from.

    That is the remote's HEAD in a clone, HEAD itself elsewhere, ``main`` where neither says.
    """
    names = ("HEAD",) if repo.is_bare else ("refs/remotes/origin/HEAD", "HEAD")
    for name in names:
        done = repo.run("symbolic-ref", "--quiet", name, check=False)
        if done.code == 0:
            return done.text.strip().removeprefix("refs/heads/").removeprefix("refs/remotes/origin/")
    return "main"


def default_rev(repo: Repository) -> str | None:
    """Return the full name of the ref of the default branch; ``None``: it has no commit here.

    A checkout of one commit, as forges make it, has no such branch but the remote's.
    """
    branch = default_branch(repo)
    names = (f"refs/heads/{branch}", f"refs/remotes/origin/{branch}")
    return next((name for name in names if resolve(repo, name)), None)


def merge_base(repo: Repository, one: str, other: str) -> Oid | None:
    """Return where two revisions parted; ``None``: they share nothing."""
    found = repo.run("merge-base", one, other, check=False)
    return None if found.code else Oid(found.text.strip())
