"""Write to git what deployments found out: outcomes as notes, and the way back from a version that is bad."""

from collections.abc import Callable
from dataclasses import replace

from gitmodel.delivery.branches import Edit, edit, message
from gitmodel.delivery.journal import Entry, journal_of
from gitmodel.delivery.promotion import desired_of, step_words
from gitmodel.errors import UsageError
from gitmodel.git.remotes import publish
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import now
from gitmodel.registry.desired import Desired, Hold, Promoted
from gitmodel.registry.environments import DEPLOYMENTS_REF
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Version


def settle(repo: Repository, env: str, *, by: str, sink: Callable[[str], None]) -> None:
    """Write what deployments of an environment have left to write; nothing where there is nothing.

    It must not be called by one who holds the environment: a push may start a deployment, which would wait
    for us. Two at once write each thing once.

    Raises:
        Conflict: If others win every race.
        ToolFailed: If the remote does not answer or refuses; it is written the next time.
    """
    journal = journal_of(repo, env)
    entries = journal.read()
    notes: dict[Oid, list[str]] = {}
    for entry in entries:
        if entry.line:
            notes.setdefault(Oid(entry.tip), []).append(entry.line)
    if notes:
        publish(repo, [], {DEPLOYMENTS_REF: notes})
    for entry in entries:
        if entry.bad and (subject := back_out(repo, env, entry, by=by)):
            sink(f"{env}: {subject}")
    if entries:
        journal.drop(entries)


def back_out(repo: Repository, env: str, failed: Entry, *, by: str) -> str:
    """Let an environment name the version that runs instead of one that is bad, and hold it there.

    Where nothing runs, only the hold is set. Where the branch names another version by now, nothing is done.

    Returns:
        The subject of the commit; "": there was nothing to do.

    Raises:
        Conflict: If others win every race.
        ToolFailed: If the remote does not answer or refuses.
    """

    def decide(before: Desired, _tip: Oid | None) -> Edit | None:
        is_named = (before.version, before.object or "") == (failed.version, failed.object)
        return _way_back(before, failed, _running(repo, failed), by) if is_named else None

    return edit(repo, env, failed.model, decide).subject


def _way_back(before: Desired, failed: Entry, running: Version | None, by: str) -> Edit | None:
    """Decide the change that leads away from a bad version; ``None`` where it is held already."""
    if before.is_bad:
        return None
    reason = f"v{failed.version} could not be deployed: {failed.reason}"
    hold = Hold(by, now(), reason, failed.version)
    if running is None:
        words = message(
            f"Hold {failed.model} at v{failed.version}", reason, "There is nothing to go back to."
        )
        return Edit(replace(before, hold=hold), words)
    promoted = Promoted(by, hold.at, before.version, (), reason)
    after = replace(desired_of(running, before.strategy, promoted), hold=hold)
    return Edit(after, message(f"Roll back {step_words(before, running)}", reason))


def _running(repo: Repository, failed: Entry) -> Version | None:
    """Return the version that goes on; ``None`` where nothing does, or nobody knows its tag."""
    if failed.running in ("", failed.version):
        return None
    try:
        return Registry(repo).version(f"{failed.model}:{failed.running}")
    except UsageError:
        return None
