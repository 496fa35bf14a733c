"""The versions of a model as a graph: which was made from the code of which, and where each should run."""

import itertools
from collections.abc import Sequence

from gitmodel.git.repository import Repository
from gitmodel.registry.environments import read_wanted
from gitmodel.registry.versions import Version
from gitmodel.reports.terminal import Colours, clean

COLOURS: Colours = ((r"(?:^|[| ])\* (v\S+ [0-9a-f]+)", "yellow"), (r" (\([^)]*\)) ", "green"))


def graph_text(repo: Repository, versions: Sequence[Version]) -> list[str]:
    """Draw versions, newest first, as `git log --graph` draws commits.

    A version stands below those that were trained from later commits of the same line; what was trained on
    a branch of its own has a column of its own.

    Args:
        repo: Where they are.
        versions: Those of one model, newest first, with their facts.
    """
    wanted = read_wanted(repo)
    before = _before(repo, versions)
    lines, lanes = [], list[str | None]()
    for version in versions:
        if version.version not in lanes:
            lanes.append(version.version)
        at = lanes.index(version.version)
        marks = ["*" if lane == at else "|" for lane in range(len(lanes))]
        places = [env for env, models in wanted.items() if models.get(version.model) == version.version]
        lines.append(f"{' '.join(marks)} {clean(_label(version, places))}")
        lanes[at] = before.get(version.version)
        lines += _joined(lanes)
    return lines


def _joined(lanes: list[str | None]) -> list[str]:
    """Take away columns that have ended, and join those that lead to the same version."""
    lines = []
    for at in range(len(lanes) - 1, -1, -1):
        if lanes[at] is None:
            del lanes[at]
        elif lanes[at] in lanes[:at]:
            lines.append(" ".join("|" for _ in range(at)) + "/" + " |" * (len(lanes) - at - 1))
            del lanes[at]
    return lines


def _label(version: Version, places: Sequence[str]) -> str:
    where = f" ({', '.join(places)})" if places else ""
    return f"v{version.version} {version.model_id} {version.date[:10]}{where} {version.facts.subject}"


def _before(repo: Repository, versions: Sequence[Version]) -> dict[str, str]:
    """Return the version that each one goes on from: the newest one of the nearest commit that has any.

    Versions of one commit follow each other.
    """
    at: dict[str, list[str]] = {}
    for version in versions:
        at.setdefault(version.source, []).append(version.version)
    before = dict(pair for names in at.values() for pair in itertools.pairwise(names))
    parents = _parents(repo, list(at))
    nearest: dict[str, str | None] = {}
    for commit in reversed(parents):  # parents come first
        found = (at[each][0] if each in at else nearest.get(each) for each in parents[commit])
        nearest[commit] = next(filter(None, found), None)
    for commit, names in at.items():
        if earlier := nearest.get(commit):
            before[names[-1]] = earlier
    return before


def _parents(repo: Repository, commits: Sequence[str]) -> dict[str, list[str]]:
    """Return the parents of the commits and of all before them, no commit before what comes from it."""
    stdin = "\n".join([*commits, ""]).encode()
    done = repo.run(
        "rev-list", "--parents", "--topo-order", "--ignore-missing", "--stdin", stdin=stdin, check=False
    )
    rows = (line.split() for line in done.text.splitlines())
    return {first: rest for first, *rest in rows}
