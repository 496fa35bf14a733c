"""Outcomes of deployments: notes on the commits of environment branches.

The round trip law: ``parse_outcome(format_outcome(o)) == o``.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from gitmodel.delivery.hosts import HostOutcome
from gitmodel.errors import InvalidFile
from gitmodel.git.notes import read_notes
from gitmodel.git.remotes import publish
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import canonical_json, now
from gitmodel.registry.environments import DEPLOYMENTS_REF
from gitmodel.registry.versions import Version

DONE = ("deployed", "unchanged", "mended")
REFUSED, PROPOSED = "refused", "proposed"
_DECISIONS = (REFUSED, PROPOSED)
_KEYS = {"previous": "from"}  # as the files of environments call it
_WORDS = ("url", "reason", "previous", "digest", "strategy", "override")


@dataclass(frozen=True)
class Outcome:
    """What became of one model in one deployment of an environment.

    ``outcome`` is ``deployed``, ``unchanged``, ``mended`` (the same version, where something was not as it
    should be), ``removed`` or ``failed``, on the commit of the environment's branch; ``refused`` or
    ``proposed``, on the commit of the version, where a gate kept it out or a pull request was opened.
    ``at`` is UTC as RFC 3339 writes it; ``reason`` says why it failed, or what was mended. ``previous`` is
    the version that ran before, ``digest`` (hex) that of the package. ``phases`` are seconds by step,
    ``gates`` the figures of the promotion, ``override`` why it was done when nothing may be rolled out.
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
    previous: str = ""
    digest: str = ""
    strategy: str = ""
    override: str = ""
    hosts: tuple[HostOutcome, ...] = ()
    phases: Mapping[str, float] = field(default_factory=dict)
    gates: tuple[Mapping[str, Any], ...] = ()


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as the notes have it: what is empty is left out."""
    document = {_KEYS.get(key, key): value for key, value in asdict(outcome).items()}
    document["hosts"] = [
        {key: value for key, value in host.items() if value != ""} for host in document["hosts"]
    ]
    return {key: value for key, value in document.items() if value not in ("", (), [], {})}


def format_outcome(outcome: Outcome) -> str:
    """Return an outcome as one line of canonical JSON."""
    return canonical_json(outcome_document(outcome))


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
            **{name: str(found.get(_KEYS.get(name, name), "")) for name in _WORDS},
            hosts=tuple(map(_host, found.get("hosts", ()))),
            phases={str(name): float(seconds) for name, seconds in found.get("phases", {}).items()},
            gates=tuple(map(dict, found.get("gates", ()))),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InvalidFile(f"not the outcome of a deployment: {line[:80]!r}") from error


def _host(found: Mapping[str, Any]) -> HostOutcome:
    seconds, words = float(found.get("seconds", 0)), str(found.get("words", ""))
    return HostOutcome(str(found["host"]), str(found["outcome"]), seconds, words)


def read_outcomes(repo: Repository, commits: Iterable[Oid]) -> list[Outcome]:
    """Return the outcomes on these commits, in their order, those of one commit newest first.

    So commits of a branch, newest first, give its outcomes newest first, whatever clocks said. Lines of
    others are passed over.
    """
    return [outcome for _, outcome in read_placed(repo, commits)]


def read_placed(repo: Repository, commits: Iterable[Oid]) -> list[tuple[Oid, Outcome]]:
    """Return the same, each with the commit that it is on."""
    known = list(commits)
    notes = read_notes(repo, DEPLOYMENTS_REF, known)
    return [(commit, outcome) for commit in known for outcome in _parsed(notes.get(commit, ()))]


def _parsed(lines: Iterable[str]) -> list[Outcome]:
    outcomes = []
    for line in lines:
        with suppress(InvalidFile):
            outcomes.append(parse_outcome(line))
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
