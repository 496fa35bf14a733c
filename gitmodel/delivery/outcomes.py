"""Outcomes of deployments: notes on the commits of environment branches.

The round trip law: ``parse_outcome(format_outcome(o)) == o``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gitmodel.errors import InvalidFile
from gitmodel.git.notes import read_notes
from gitmodel.git.remotes import publish
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import canonical_json, now
from gitmodel.registry.environments import DEPLOYMENTS_REF
from gitmodel.registry.versions import Version

DONE = ("deployed", "unchanged")
REFUSED, PROPOSED = "refused", "proposed"
_DECISIONS = (REFUSED, PROPOSED)


@dataclass(frozen=True)
class Outcome:
    """What became of one model in one deployment of an environment.

    ``outcome`` is ``deployed``, ``unchanged`` or ``failed``, on the commit of the environment's branch;
    ``refused`` or ``proposed``, on the commit of the version, where a gate kept it out or a pull request was
    opened. ``at`` is UTC as RFC 3339 writes it; ``reason`` says why it failed.
    """

    env: str
    model: str
    version: str
    outcome: str
    at: str
    by: str
    seconds: float
    url: str
    reason: str = ""


def format_outcome(outcome: Outcome) -> str:
    """Return an outcome as one line of canonical JSON."""
    return canonical_json({key: value for key, value in asdict(outcome).items() if value != ""})


def parse_outcome(line: str) -> Outcome:
    """Read one line of a note; keys that a later release may have added are passed over.

    Raises:
        InvalidFile: If it is not an outcome.
    """
    import json

    try:
        found: Mapping[str, Any] = json.loads(line)
        words = {name: str(found[name]) for name in ("env", "model", "version", "outcome", "at", "by")}
        return Outcome(
            **words,
            seconds=float(found["seconds"]),
            url=str(found.get("url", "")),
            reason=str(found.get("reason", "")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidFile(f"not the outcome of a deployment: {line[:80]!r}") from error


def read_outcomes(repo: Repository, commits: Iterable[Oid]) -> list[Outcome]:
    """Return the outcomes on these commits, newest first; lines of others are passed over."""
    outcomes = []
    for lines in read_notes(repo, DEPLOYMENTS_REF, commits).values():
        for line in lines:
            try:
                outcomes.append(parse_outcome(line))
            except InvalidFile:
                continue
    return sorted(outcomes, key=lambda outcome: outcome.at, reverse=True)


def note_decision(
    repo: Repository, env: str, version: Version, outcome: str, *, reason: str, by: str
) -> None:
    """Note on a version's commit, once, that an environment has refused it, or that it was proposed there.

    Raises:
        Conflict: If others win every race.
        ToolFailed: If the remote does not answer or refuses.
    """
    if outcome not in _decisions(repo, env, version):
        noted = Outcome(env, version.model, version.version, outcome, now(), by, 0.0, "", reason)
        publish(repo, [], {DEPLOYMENTS_REF: {version.commit: [format_outcome(noted)]}})


def was_decided(repo: Repository, env: str, version: Version) -> bool:
    """Say whether an environment has refused a version before, or it was proposed there."""
    return bool(_decisions(repo, env, version))


def _decisions(repo: Repository, env: str, version: Version) -> set[str]:
    wanted = (env, version.model, version.version)
    found = read_outcomes(repo, [version.commit])
    return {each.outcome for each in found if (each.env, each.model, each.version) == wanted} & set(
        _DECISIONS
    )
