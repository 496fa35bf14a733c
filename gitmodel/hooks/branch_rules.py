"""Which branches and notes may be pushed: shared history is only added to, and specifications are valid."""

from gitmodel.hooks.loose import parents, read_object
from gitmodel.hooks.tag_rules import Problem

_NOTES = (
    "refs/notes/metrics",
    "refs/notes/metrics-unreadable",
    "refs/notes/deployments",
    "refs/notes/incidents",
    "refs/notes/slices",
)
_ENVIRONMENTS = "refs/heads/env/"
_SHOWN = 20


def is_only_added_to(ref: str) -> bool:
    """Say whether nothing may be taken away from the history of this ref."""
    return ref in _NOTES or ref.startswith(_ENVIRONMENTS)


def check_history(ref: str, old: str | None, new: str | None) -> Problem | None:
    """Return why a ref that is only added to may not move so."""
    if new is None:
        return ("keeps a history that is never deleted", "leave it; who may not see it needs no access")
    if old is None or old in parents(read_object(new)[1]) or _holds(old, new):
        return None
    if ref.startswith("refs/notes/"):
        return ("would lose notes of others", "run `gitmodel sync`: it merges yours with them and pushes")
    fix = "fetch it and add to it; to go back to an earlier version use `gitmodel rollback`"
    return ("would lose deployments from its history", fix)


def _holds(old: str, new: str) -> bool:
    from gitmodel.git.notes import is_ancestor
    from gitmodel.git.repository import Repository
    from gitmodel.git.values import Oid

    return is_ancestor(Repository.open_in_hook(), Oid(old), Oid(new))


def check_specifications(old: str | None, new: str) -> Problem | None:
    """Return what is wrong in the specifications that a branch changes, each mistake on a line."""
    from gitmodel.git.objects import changed_paths
    from gitmodel.git.refs import resolve
    from gitmodel.git.repository import Repository

    repo = Repository.open_in_hook()
    paths = changed_paths(repo, old or resolve(repo, "HEAD"), new)
    if not any(path.endswith((".yaml", ".yml", ".ipynb")) for path in paths):
        return None
    import site

    site.main()  # the shim starts without installed packages, which tags do not need
    from gitmodel.spec.validation import validate_tree

    lines = [str(problem) for problem in validate_tree(repo, new, paths)]
    if not lines:
        return None
    shown = [*lines[:_SHOWN], *([f"… and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else [])]
    what = f"has {len(lines)} mistake{'s' if len(lines) > 1 else ''} in its specifications\n" + "\n".join(
        shown
    )
    return (what, "mend them, see `gitmodel validate`, then commit and push again")
