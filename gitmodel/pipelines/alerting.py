"""Tell people of incidents: channels through Apprise, and an issue on the forge."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from gitmodel.errors import GitmodelError
from gitmodel.forges import Issue
from gitmodel.git.refs import default_rev
from gitmodel.metrics.records import utc
from gitmodel.monitoring.alerts import FORGE, due, mark_of, not_told, send, title_of, wants, worth_telling
from gitmodel.monitoring.conditions import condition_words
from gitmodel.monitoring.incidents import Incident, Step, format_step, read_incidents
from gitmodel.pipelines.job import Job
from gitmodel.pipelines.telling import Say
from gitmodel.reports.markdown import plain
from gitmodel.spec import load_model, load_repository
from gitmodel.spec.repository import AlertSpec

_REMEMBERED = timedelta(days=1)  # for so long, channels that were down are tried again
_SKEW = timedelta(days=1)  # by which the clocks of a job and a forge may differ
_TITLE = 200
_LINK = re.compile(r"https?://[A-Za-z0-9./_:?=&%#~-]+")


@dataclass(frozen=True)
class Alerting:
    """Who is told of the incidents of an environment; attributes as of `Healing`."""

    job: Job
    env: str
    say: Say
    secrets: Mapping[str, str]
    link: str = ""

    def tell(self, now: datetime, note: Callable[..., None]) -> None:
        """Tell what was not told yet of incidents of the last day; ``note`` writes what became of it."""
        channels = load_repository(self.job.repo, default_rev(self.job.repo) or "HEAD").alerts
        since = utc((now - _REMEMBERED).timestamp())
        for incident in read_incidents(self.job.repo):
            if incident.steps[0].env == self.env and (incident.is_open or incident.last.at >= since):
                quiet = self._is_quiet(incident)
                self._tell_channels(
                    incident, [each for each in channels if each.to != FORGE], note, quiet=quiet
                )
                self._tell_forge(incident, channels, note, quiet=quiet)

    def _is_quiet(self, incident: Incident) -> bool:
        """Say whether the condition names no alert, or is gone, as the default branch has it today."""
        first = incident.steps[0]
        try:
            spec = load_model(self.job.repo, default_rev(self.job.repo), first.model)
        except GitmodelError:
            return False
        own = [each for each in spec.quality if condition_words(each) == first.condition]
        return all("alert" not in each.when_broken for each in own)

    def _tell_channels(
        self, incident: Incident, channels: Sequence[AlertSpec], note: Callable[..., None], *, quiet: bool
    ) -> None:
        for message in due(incident, channels, self.link, quiet=quiet):
            problem = send(message, self.secrets)
            self.say(f"[alert] {message.to}: {problem or 'told'}")
            note(_noted(message.step, message.to, problem))

    def _tell_forge(
        self, incident: Incident, channels: Sequence[AlertSpec], note: Callable[..., None], *, quiet: bool
    ) -> None:
        """Bring the issue of an incident up to date; a job opens one also where nobody has asked for it."""
        forge = self.job.forge
        asked = [each for each in channels if each.to == FORGE] or [AlertSpec(FORGE)]
        worth = worth_telling(incident, quiet=quiet)
        left = not_told(incident, FORGE, steps_of(incident))
        if (
            forge is None
            or not left
            or not any(wants(each, incident, step) for each in asked for step in worth)
        ):
            return
        try:
            where, problem = forge.sync_issue(issue_of(incident, self.link, forge.comment_limit)), ""
        except GitmodelError as error:
            where, problem = "", f"{error.message}{f' ({error.hint})' if error.hint else ''}"
        self.say(f"[alert] {forge.name}: {problem or where}")
        note(*(_noted(step, FORGE, problem) for step in (left[:1] if problem else left)))


def steps_of(incident: Incident) -> list[Step]:
    """Return what was done, other than telling people."""
    return [step for step in incident.steps if step.kind not in ("told", "untold")]


def issue_of(incident: Incident, link: str, limit: int) -> Issue:
    """Return the issue of an incident: what broke, then a comment a step.

    Args:
        incident: What happened.
        link: What people may open to see more.
        limit: Characters of a text that the forge takes.
    """
    first, *others = steps_of(incident)
    begun = datetime.strptime(first.at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return Issue(
        marker=f"incident/{first.incident}",
        since=utc((begun - _SKEW).timestamp()),
        title=_title(title_of(first)),
        text=_markdown(incident, first, link)[:limit],
        comments=tuple((_marker(step), _markdown(incident, step, link)[:limit]) for step in others),
        is_over=not incident.is_open,
    )


def _markdown(incident: Incident, step: Step, link: str) -> str:
    who = f"{step.model} v{step.version} in {step.env}"
    result = f" The result is v{step.result}." if step.result else ""
    lines = [f"**{plain(title_of(step))}**", "", f"{plain(who)}: {plain(step.reason)}.{plain(result)}"]
    if step == incident.steps[0]:
        lines += ["", f"Since {plain(step.at)}. `gitmodel log --incidents {step.model}` tells what is done."]
    if _LINK.fullmatch(link):
        lines += ["", f"<{link}>"]
    return "\n".join(lines)


def _marker(step: Step) -> str:
    return f"step/{hashlib.sha256(format_step(step).encode()).hexdigest()[:12]}"


def _title(text: str) -> str:
    """Return a title: forges show it without its escapes, so what could be markup is left out."""
    shown = "".join(letter if letter.isalnum() or letter in " ._-/:%" else "?" for letter in text)
    return shown[:_TITLE]


def _noted(step: Step, to: str, problem: str) -> Step:
    reason = f"{mark_of(step)}{f': {problem}' if problem else ''}"
    return replace(step, kind="untold" if problem else "told", result=to, reason=reason)
