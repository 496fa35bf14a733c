"""Start what somebody asks for, a person or an alert manager: here, or on the forge."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitmodel.errors import InvalidFile, UsageError
from gitmodel.git.refs import default_branch, default_rev
from gitmodel.git.repository import Repository
from gitmodel.pipelines.forge_of_remote import forge_of_remote
from gitmodel.pipelines.runs import Task
from gitmodel.pipelines.telling import Say
from gitmodel.pipelines.ticking import ask_for
from gitmodel.registry.names import check_model
from gitmodel.reports.terminal import clean
from gitmodel.spec import load_environments, load_model, load_repository

_FIRING = "firing"
_ALERTS = 1000
_LIMIT = 10_000_000  # bytes of a notification


@dataclass(frozen=True)
class Wish:
    """What is asked for: ``retrain`` or ``monitor`` a model; "": in any environment."""

    what: str
    model: str
    environment: str = ""


def read_alerts(text: str) -> list[Wish]:
    """Return what the alerts that fire ask for, in a notification as Prometheus's Alertmanager posts it.

    An alert is about the model and the environment in its labels ``model`` and ``environment``; it may be
    somebody's guess, so the model is watched, and its quality conditions decide what follows. Alerts
    without a label ``model`` are about something else.

    Raises:
        InvalidFile: If it is no such notification.
    """
    if len(text) > _LIMIT:
        raise InvalidFile(f"a notification of more than {_LIMIT} characters is refused")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidFile(f"the notification is no JSON: {error}") from error
    alerts = document.get("alerts") if isinstance(document, dict) else None
    if not isinstance(alerts, list):
        raise InvalidFile("the notification has no list `alerts`", hint="webhooks of Alertmanager post one")
    found = [_wish(alert) for alert in alerts[:_ALERTS]]
    return list(dict.fromkeys(wish for wish in found if wish))


def known_wishes(repo: Repository, wishes: Iterable[Wish], say: Say) -> list[Wish]:
    """Return those that are about something of this repository; the others are told."""
    found = []
    for wish in wishes:
        try:
            _check(repo, [wish])
        except (UsageError, InvalidFile) as error:
            say(f"passed over: {clean(error.message)}")
            continue
        found.append(wish)
    return found


def _wish(alert: Any) -> Wish | None:
    labels = alert.get("labels") if isinstance(alert, dict) else None
    if not isinstance(labels, dict) or alert.get("status", _FIRING) != _FIRING:
        return None
    model, environment = labels.get("model"), labels.get("environment", "")
    if not isinstance(model, str) or not isinstance(environment, str):
        return None
    return Wish("monitor", model, environment)


def trigger(
    repo: Repository, wishes: Sequence[Wish], environ: Mapping[str, str], *, by: str, here: bool, say: Say
) -> int:
    """Start it: on the forge that `gitmodel.yaml` names, else on this machine, to its end.

    Args:
        repo: The repository.
        wishes: What is asked for; each is checked before the first is started.
        environ: Where GITMODEL_TOKEN is, for a forge.
        by: Who asks.
        here: On this machine, also where there is a forge.
        say: Told what happens.

    Returns:
        The gravest exit code of what was done here; 0 where the forge has taken it.

    Raises:
        UsageError: If there is no such model or environment, or no token for the forge.
        ToolFailed: If the forge refuses.
    """
    _check(repo, wishes)
    if not wishes:
        say("nothing is asked for")
        return 0
    provider = load_repository(repo, default_rev(repo)).ci.provider
    if here or provider is None:
        return ask_for(repo, [Task(wish.what, wish.model, wish.environment) for wish in wishes], by, say)
    forge = forge_of_remote(repo, provider, environ)
    if forge is None:
        raise UsageError(
            "there is no token for the forge, or the remote's address does not name it",
            hint="set GITMODEL_TOKEN, or do it on this machine with --here",
        )
    for wish in wishes:
        page = forge.dispatch(_inputs(wish), default_branch(repo))
        say(f"{wish.what} {wish.model}: {forge.name} has taken it: {page}")
    return 0


def _inputs(wish: Wish) -> dict[str, str]:
    given = {"action": wish.what, "model": wish.model, "environment": wish.environment}
    return {name: text for name, text in given.items() if text}


def _check(repo: Repository, wishes: Iterable[Wish]) -> None:
    rev = default_rev(repo)
    known = {spec.name for spec in load_environments(repo, rev)}
    for wish in wishes:
        load_model(repo, rev, check_model(wish.model))
        if wish.environment and wish.environment not in known:
            raise UsageError(
                f'there is no environment "{wish.environment}"', hint=f"there are: {', '.join(sorted(known))}"
            )
