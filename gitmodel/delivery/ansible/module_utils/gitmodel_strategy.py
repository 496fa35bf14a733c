"""A canary or a shadow on a host: how far it is, the next step, what was seen of it, and back.

How far it is stands in one file a model, written before the route it describes: who is killed between the
two finds a step that was not applied, and applies it.
"""

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from . import gitmodel_kept as kept
from . import gitmodel_rollout as rollout
from . import gitmodel_router as router
from .gitmodel_keeper import keeper
from .gitmodel_layout import ROUTER, HostError, Layout, Program, parse_program, read_programs, write
from .gitmodel_probe import is_ready, wait
from .gitmodel_routes import NOBODY, route
from .gitmodel_traffic import Traffic, figures, parse_traffic, read_traffic, reloads

CANARY, SHADOW = "canary", "shadow"
_APPLY_SECONDS = 15.0
_SETTLE_SECONDS = 0.3  # the router counts a reload just before it uses what it read


@dataclass(frozen=True)
class Underway:
    """A rollout that is not over.

    Attributes:
        kind: ``canary`` or ``shadow``.
        old: Who answered before.
        new: Who is tried.
        percent: Of the requests that the new one answers, or of a shadow gets copies of.
        since: When this step began (seconds of the epoch).
        before: What the router had counted of each when it began, by name.
        marks: Where the kept lines ended when it began.
        done: The steps that are over, as the controller tells them.
        applied: Whether the router has this step.
    """

    kind: str
    old: Program
    new: Program
    percent: int
    since: float
    before: Mapping[str, Traffic]
    marks: Mapping[str, int]
    done: Sequence[Mapping[str, Any]] = ()
    applied: bool = True

    @property
    def weights(self) -> dict[Program, int]:
        """Who answers."""
        if self.kind == SHADOW:
            return {self.old: 1}
        return {self.old: 100 - self.percent, self.new: self.percent}

    @property
    def mirrors(self) -> Mapping[Program, int]:
        """Who gets copies."""
        return {self.new: self.percent} if self.kind == SHADOW else NOBODY

    @property
    def words(self) -> str:
        """How far it is, for people."""
        since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(self.since))
        return f"{self.kind} {self.percent} % since {since}"


def format_underway(underway: Underway) -> str:
    """Return it as its file holds it; `parse_underway` is the inverse, but for ``applied``."""
    fields = {
        "kind": underway.kind,
        "old": underway.old.as_json(),
        "new": underway.new.as_json(),
        "percent": underway.percent,
        "since": underway.since,
        "before": {name: traffic.as_json() for name, traffic in underway.before.items()},
        "marks": dict(underway.marks),
        "done": [dict(step) for step in underway.done],
    }
    return json.dumps(fields, sort_keys=True) + "\n"


def parse_underway(text: str) -> Underway:
    """Return what a file says.

    Raises:
        HostError: If it is not one of ours.
    """
    try:
        found = json.loads(text)
        return Underway(
            {CANARY: CANARY, SHADOW: SHADOW}[found["kind"]],
            parse_program(found["old"]),
            parse_program(found["new"]),
            int(found["percent"]),
            float(found["since"]),
            {str(name): parse_traffic(fields) for name, fields in found["before"].items()},
            {str(path): int(size) for path, size in found["marks"].items()},
            tuple(dict(step) for step in found["done"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise HostError(f"not a canary's or shadow's state: {error!r}") from error


def underway(layout: Layout, model: str) -> "Underway | None":
    """Return the canary or shadow of a model, ``None`` where there is none.

    What the file says counts as long as the old version is what was there before: a rollout that was
    completed, or put back and taken up by another, has no use for it.
    """
    key = model.replace("/", ".")
    try:
        found = parse_underway(layout.strategy(key).read_text("utf-8"))
    except (HostError, OSError):
        return None
    weights, mirrors = router.routed(layout, model), router.mirrored(layout, model)
    if found.old not in weights or not set(weights) <= {found.old, found.new}:
        return None
    return replace(found, applied=(weights, mirrors) == (found.weights, dict(found.mirrors)))


def step(
    layout: Layout, program: Program, kind: str, percent: int, done: Sequence[Mapping[str, Any]]
) -> bool:
    """Send a program that runs this part of the requests, or copies of them; say whether that was news.

    Args:
        layout: Where.
        program: Who is tried.
        kind: ``canary`` or ``shadow``.
        percent: How many of 100 requests.
        done: The steps before this one.

    Raises:
        HostError: If it does not run, there is nothing beside it, or the router does not take the route.
    """
    placed = _placed(layout, program)
    found = underway(layout, program.model)
    if found is not None and found.new == placed:
        if found.applied and (found.kind, found.percent) == (kind, percent):
            return False
        old = found.old
    else:
        old = _only(layout, placed)
    key = program.key
    counted = {each.name: traffic for each, traffic in read_traffic(figures(layout), (old, placed)).items()}
    now = Underway(kind, old, placed, percent, time.time(), counted, kept.mark(layout.state, key), done)
    _mark_shadow(layout, placed, shadow=kind == SHADOW)
    layout.strategy(key).parent.mkdir(parents=True, exist_ok=True)
    write(layout.strategy(key), format_underway(now))
    apply(layout, program.model, route(now.weights, now.mirrors))
    return True


def _placed(layout: Layout, program: Program) -> Program:
    placed = read_programs(layout).get(program.name)
    if placed is None:
        raise HostError(f"{program.name} does not run on this host")
    return placed


def _only(layout: Layout, new: Program) -> Program:
    """Return who answers now, who must be one, and not the new one."""
    found = [program for program in router.routed(layout, new.model) if program != new]
    if len(found) != 1 or found[0] not in read_programs(layout).values():
        raise HostError(f"there is no version of {new.model} on this host to compare v{new.version} with")
    return found[0]


def _mark_shadow(layout: Layout, program: Program, *, shadow: bool) -> None:
    """Tell the services of a model which of them is a shadow: what that one predicts is not kept as live."""
    file = layout.shadow(program.key)
    if not shadow:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.getuid() == 0:  # the service writes there, too
        owner = layout.state.stat()
        os.chown(file.parent, owner.st_uid, owner.st_gid)
    write(file, json.dumps({"version": program.version, "digest": program.digest}) + "\n")


def apply(layout: Layout, model: str, text: str) -> bool:
    """Replace a model's route by one rename and wait until the router has it; say whether it was another.

    Raises:
        HostError: If the router does not take it in time.
    """
    before = reloads(layout)
    if not write(layout.route(model.replace("/", ".")), text):
        return False
    if before is None or not wait(lambda: (reloads(layout) or 0) > before, _APPLY_SECONDS):
        raise HostError(
            f"the router does not take the new route of {model}", detail=keeper(layout).words(ROUTER)
        )
    time.sleep(_SETTLE_SECONDS)
    return True


def look(layout: Layout, model: str) -> dict[str, Any]:
    """Return what goes on: ``routed`` programs, whether all are ``ready``, ``underway``, and its ``figures``.

    Each version's figures are ``traffic``, ``outputs`` and ``errors``; of a shadow there are ``pairs``.
    """
    programs = router.routed(layout, model)
    first = {
        "routed": [program.as_json() for program in programs],
        "ready": all(is_ready(program.port) for program in programs),
    }
    found = underway(layout, model)
    if found is None:
        return {**first, "underway": None}
    told = json.loads(format_underway(found))
    about = {name: told[name] for name in ("kind", "old", "new", "percent", "done")}
    counted = read_traffic(figures(layout), (found.old, found.new))
    state, marks = layout.state, found.marks
    apart = found.old.version != found.new.version  # kept lines name the version
    sides = {
        side: {
            "traffic": counted[program].since(found.before.get(program.name, Traffic())).as_json(),
            "outputs": kept.outputs(state, marks, program) if apart else [],
            "errors": kept.errors(state, marks, program) if apart else [],
        }
        for side, program in (("old", found.old), ("new", found.new))
    }
    pairs = kept.pairs(state, marks, found.old, found.new) if found.kind == SHADOW else []
    seconds = max(0.0, time.time() - found.since)
    return {
        **first,
        "underway": {**about, "applied": found.applied, "seconds": seconds},
        "figures": {**sides, "pairs": pairs[: kept.MOST]},
    }


def settle(layout: Layout, model: str) -> bool:
    """End a shadow, so that its version can take over: no more copies, and what it predicts is kept as live.

    Raises:
        HostError: If the router does not take the route.
    """
    found = underway(layout, model)
    if found is None or found.kind != SHADOW:
        return False
    changed = apply(layout, model, route(found.weights))
    _mark_shadow(layout, found.new, shadow=False)
    return changed


def abort(layout: Layout, model: str, drain_seconds: float) -> "Program | None":
    """Send all requests to the old version again, drain, and stop the new one, which is returned.

    Raises:
        HostError: If the old version is gone, or the router does not take the route.
    """
    found = underway(layout, model)
    if found is None:
        return None
    if found.old not in read_programs(layout).values():
        raise HostError(f"{found.old.name}, which was there before, does not run on this host any more")
    apply(layout, model, route({found.old: 1}))
    time.sleep(drain_seconds)
    rollout.discard(layout, found.new)
    _mark_shadow(layout, found.new, shadow=False)
    layout.strategy(found.new.key).unlink(missing_ok=True)
    return found.new
