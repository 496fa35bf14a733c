"""Tell people of an incident, through Apprise: mail, Slack, Teams, web hooks and what else it knows."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import get_args

from gitmodel.monitoring.incidents import Incident, Kind, Severity, Step
from gitmodel.spec.repository import AlertSpec

# What people are told of; all other steps are in the message that it is over.
TOLD: tuple[Kind, ...] = ("opened", "worse", "stuck", "resolved")
# The same where a condition says nothing of alerts: what changed, and what nobody else will do.
TOLD_ANYHOW: tuple[Kind, ...] = ("promoted", "rolled_back", "stuck", "resolved")
FORGE = "forge"  # the channel that is an issue
_TIMES, _PAUSE = 3, 1.0
_TIMEOUT = "cto=5&rto=10"  # seconds to connect and to wait for an answer, as Apprise takes them
_TYPES = {"info": "info", "warning": "warning", "critical": "failure"}
_WORDS = {
    "opened": "is not met",
    "worse": "is broken now",
    "retrain": "trained anew",
    "retrained": "was trained",
    "promoted": "was promoted",
    "rollback": "looked for a version to return to",
    "rolled_back": "was rolled back",
    "stuck": "COULD NOT BE HEALED",
    "held": "is held by a person, so nothing was done",
    "resolved": "is well again",
}
_UNSURE = {
    ("opened", "inconclusive"): "may not be met",
    ("opened", "error"): "could not be measured",
}


@dataclass(frozen=True)
class Message:
    """What one channel is told of one step."""

    to: str
    step: Step
    title: str
    text: str


def due(
    incident: Incident, channels: Sequence[AlertSpec], link: str = "", *, quiet: bool = False
) -> list[Message]:
    """Return what was not told yet: each step once a channel, however often this is asked.

    Args:
        incident: What happened.
        channels: Who may be told.
        link: What people may open to see more.
        quiet: Whether its condition says nothing of alerts.
    """
    steps = worth_telling(incident, quiet=quiet)
    return [
        Message(channel.to, step, title_of(step), _text(incident, step, link))
        for channel in channels
        for step in not_told(incident, channel.to, steps)
        if wants(channel, incident, step)
    ]


def worth_telling(incident: Incident, *, quiet: bool = False) -> list[Step]:
    """Return the steps that people are told of; that it is over, only where they knew of it."""
    kinds = TOLD_ANYHOW if quiet else TOLD
    unsure = {step for step in incident.steps if step.kind == "opened" and step.verdict != "failed"}
    found = [step for step in incident.steps if step.kind in kinds or step in unsure]
    is_news = any(step.kind != "resolved" for step in found) or incident.count("told")
    return found if is_news else []


def not_told(incident: Incident, to: str, steps: Iterable[Step]) -> list[Step]:
    """Return those of some steps that a channel was not told of."""
    told = {step.reason for step in incident.steps if step.kind == "told" and step.result == to}
    return [step for step in steps if mark_of(step) not in told]


def mark_of(step: Step) -> str:
    """Return what a note that somebody was told of a step says of it: an incident may be stuck twice."""
    return f"{step.kind} at {step.at}"


def wants(channel: AlertSpec, incident: Incident, step: Step) -> bool:
    """Say whether a channel is told of a step: that it is over, wherever its beginning was told."""
    if channel.severity == "none":
        return False
    levels = get_args(Severity)
    gravest = max((each.severity for each in incident.steps), key=levels.index)
    severity = gravest if step.kind == "resolved" else step.severity
    return (
        levels.index(severity) >= levels.index(channel.severity)
        and any(fnmatchcase(step.model, name) for name in channel.models)
        and any(fnmatchcase(step.env, name) for name in channel.environments)
    )


def send(message: Message, environ: Mapping[str, str], *, sleep: Callable[[float], None] = time.sleep) -> str:
    """Tell one channel, in a minute at most; return "", or why it could not be told."""
    address = environ.get(message.to[1:], "") if message.to.startswith("$") else message.to
    if not address:
        return f"the variable {message.to[1:]} is not set"
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    channel = apprise.Apprise()
    if not channel.add(f"{address}{'&' if '?' in address else '?'}{_TIMEOUT}"):
        return "Apprise does not know such an address"
    for attempt in range(_TIMES):
        if attempt:
            sleep(_PAUSE * 2**attempt)
        if channel.notify(
            title=message.title,
            body=message.text,
            body_format=apprise.NotifyFormat.TEXT,
            notify_type=_TYPES[message.step.severity],
        ):
            return ""
    return f"it did not take the message, {_TIMES} times"


def title_of(step: Step) -> str:
    """Return what a message about a step is headed."""
    return f"{step.model} in {step.env}: {step.condition} {_words(step)}"


def _words(step: Step) -> str:
    if step.kind == "resolved" and step.verdict != "passed":
        return "is no longer asked for"
    return _UNSURE.get((step.kind, step.verdict), _WORDS[step.kind])


def _text(incident: Incident, step: Step, link: str) -> str:
    first = incident.steps[0]
    lines = [f"{step.model} v{step.version} in {step.env}: {step.reason}", f"Since {first.at}."]
    done = [each for each in incident.steps if each.kind in _WORDS and each.at <= step.at]
    lines += ["", *(_line(each) for each in done)]
    if link:
        lines += ["", link]
    return "\n".join(lines)


def _line(step: Step) -> str:
    result = f" v{step.result}" if step.result else ""
    return f"{step.at}  {_words(step)}{result}: {step.reason}"
