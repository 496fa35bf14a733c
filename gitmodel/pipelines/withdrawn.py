"""End what goes on about models that no longer run in an environment."""

from dataclasses import replace

from gitmodel.git.notes import combine
from gitmodel.git.refs import read_ref
from gitmodel.git.remotes import publish
from gitmodel.git.repository import Repository
from gitmodel.git.values import RefUpdate
from gitmodel.metrics.records import now
from gitmodel.monitoring.incidents import INCIDENTS_REF, Incident, format_step, read_incidents
from gitmodel.pipelines.telling import Say
from gitmodel.registry.desired import read_desired
from gitmodel.registry.environments import env_tip


def close_incidents(repo: Repository, env: str, by: str, say: Say) -> None:
    """Close the incidents of models that should not run in an environment any more: nobody judges them.

    Raises:
        Conflict: If others change the incidents meanwhile; the next deployment does it.
        ToolFailed: If the remote does not answer or refuses.
    """
    before, tip = read_ref(repo, INCIDENTS_REF), env_tip(repo, env)
    found = [each for each in read_incidents(repo) if each.is_open and each.last.env == env]
    if not found or tip is None:
        return
    wanted = {name for name, desired in read_desired(repo, env, tip).items() if desired.version}
    gone = [each for each in found if each.last.model not in wanted]
    lines = [_closed(each, by) for each in gone]
    commit = combine(repo, before, None, {tip: lines}) if lines else None
    if commit is None:
        return
    publish(repo, [RefUpdate(INCIDENTS_REF, commit, before)])
    for each in gone:
        say(f"[heal] {each.last.model} in {env}: {each.last.condition}: resolved: the model was withdrawn")


def _closed(incident: Incident, by: str) -> str:
    reason = "the model was withdrawn"
    step = replace(incident.last, kind="resolved", severity="info", reason=reason, at=now(), by=by, result="")
    return format_step(step)
