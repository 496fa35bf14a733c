"""The hooks of a clone: what commits need goes out before them, what came with commits is brought in line."""

from collections.abc import Callable, Iterable, Sequence

from gitmodel.errors import GitmodelError, ToolFailed
from gitmodel.git.objects import changed_paths
from gitmodel.git.refs import list_refs, read_ref, resolve, update_refs
from gitmodel.git.remotes import fetch, fetched_notes, publish
from gitmodel.git.repository import Repository
from gitmodel.git.tracking import default_remote
from gitmodel.git.values import Oid, RefUpdate

Say = Callable[[str], None]
_NOTES = "refs/notes/"
_SHARED = "refs/gitmodel/shared/"  # what the remote is known to have
_NOTHING = "0"


def pre_push(repo: Repository, arguments: Sequence[str], lines: Iterable[str], say: Say) -> None:
    """Push the data of the commits that are about to be pushed, and the notes.

    Args:
        repo: The clone.
        arguments: Name and address of the remote.
        lines: What git says is pushed: ``<local ref> <local oid> <remote ref> <remote oid>``.
        say: Told what was done; nothing where there was nothing to do.

    Raises:
        ToolFailed: If data or notes could not be pushed; git then pushes nothing either.
    """
    remote = arguments[0] if arguments else ""
    tips = [Oid(line.split()[1]) for line in lines if line.split()[1].strip(_NOTHING)]
    if tips and remote == default_remote(repo):
        _push_data(repo, _with_data(repo, tips, remote), say)
        share_notes(repo, say)


def _with_data(repo: Repository, tips: Sequence[Oid], remote: str) -> list[str]:
    """Return the commits that the remote does not have yet and that change what DVC keeps."""
    paths = (":(glob)**/*.dvc", ":(glob)**/dvc.lock")
    return repo.git("rev-list", *tips, "--not", f"--remotes={remote}", "--", *paths).split()


def _push_data(repo: Repository, commits: Sequence[str], say: Say) -> None:
    if not commits:
        return
    from gitmodel.training import sharing

    sharing.connect(repo)
    if sharing.remote_name(repo) is None:
        say("gitmodel: no DVC remote is configured: data and models stay on this machine")
        return
    try:
        sent = sharing.push_data(repo, commits)
    except ToolFailed as error:
        hint = "see `dvc push`; `git push --no-verify` pushes the commits without their data"
        raise ToolFailed(error.message, detail=error.detail, hint=hint) from error
    if sent:
        say(f"gitmodel: {sent} data file{'s' if sent > 1 else ''} pushed to the DVC remote")


def share_notes(repo: Repository, say: Say) -> None:
    """Push the notes that changed since the remote was last known to have them all.

    Raises:
        ToolFailed: If the remote does not answer or refuses.
    """
    known = list_refs(repo, f"{_SHARED}notes/")
    fetched = fetched_notes(repo)
    refs = {
        ref: oid
        for ref, oid in list_refs(repo, _NOTES).items()
        if oid not in (known.get(_marker(ref)), fetched.get(ref)) and _ours(ref)
    }
    if not refs:
        return
    publish(repo, [], {ref: {} for ref in refs})
    for ref in refs:
        now = read_ref(repo, ref)
        update_refs(repo, [RefUpdate(_marker(ref), now, known.get(_marker(ref)))])
    say(f"gitmodel: notes shared: {', '.join(ref.removeprefix(_NOTES) for ref in refs)}")


def _ours(ref: str) -> bool:
    """Say whether notes are lines that can be merged: people's own notes are not ours to push."""
    return ref.removeprefix(_NOTES) in {"metrics", "metrics-unreadable", "deployments"}


def _marker(ref: str) -> str:
    return _SHARED + ref.removeprefix("refs/")


def post_merge(repo: Repository, say: Say) -> None:
    """Bring tags, environments, notes and data in line after a merge or pull."""
    try:
        fetch(repo)
    except GitmodelError as error:
        say(f"gitmodel: versions and notes are not up to date: {error.message}")
    _bring_data(repo, resolve(repo, "ORIG_HEAD"), say)


def post_checkout(repo: Repository, arguments: Sequence[str], say: Say) -> None:
    """Bring data in line after another commit was checked out.

    Args:
        repo: The clone.
        arguments: The commits before and after, and 1 where a branch (0: single files) was checked out.
        say: Told what was done.
    """
    before, after, branch = arguments
    rebasing = any((repo.git_dir / name).exists() for name in ("rebase-merge", "rebase-apply"))
    if branch == "1" and before != after and not rebasing:
        _bring_data(repo, Oid(before) if before.strip(_NOTHING) else None, say)


def _bring_data(repo: Repository, before: Oid | None, say: Say) -> None:
    """Check out data files where the commits name other ones; only what is on this machine already."""
    if repo.root is None or not (repo.root / ".dvc").is_dir():
        return
    if not any(map(_names_data, changed_paths(repo, before, "HEAD"))):
        return
    from gitmodel.training import sharing

    try:
        changed = sharing.checkout_data(repo)
    except ToolFailed as error:
        say(f"gitmodel: {error.message}: {error.detail}")
        return
    words = f"{changed} data file{'s' if changed != 1 else ''} changed"
    say(f"gitmodel: {words}; what is not on this machine is fetched by `gitmodel sync`")


def sync(repo: Repository, say: Say) -> None:
    """Bring versions, environments, notes and data of a clone in line with the remote, and share its notes.

    Raises:
        ToolFailed: If the remote does not answer.
    """
    before = list_refs(repo)
    fetch(repo)
    share_notes(repo, say)
    after = list_refs(repo)
    news = [
        ref for ref, oid in after.items() if before.get(ref) != oid and not ref.startswith("refs/gitmodel/")
    ]
    for ref in news:
        verb = "new" if ref not in before else "moved"
        say(f"{verb}: {ref.removeprefix('refs/').removeprefix('heads/').removeprefix('remotes/')}")
    if repo.root is not None and (repo.root / ".dvc").is_dir() and _tracks_data(repo):
        from gitmodel.training import sharing

        sharing.connect(repo)
        changed = sharing.pull_data(repo) if sharing.remote_name(repo) else sharing.checkout_data(repo)
        say(f"data: {changed or 'nothing'} changed")
    elif not news:
        say("everything is in line already")


def _tracks_data(repo: Repository) -> bool:
    return resolve(repo, "HEAD") is not None and any(map(_names_data, changed_paths(repo, None, "HEAD")))


def _names_data(path: str) -> bool:
    """Say whether a file of git names data that DVC keeps."""
    return path.endswith(".dvc") or path.rpartition("/")[2] == "dvc.lock"
