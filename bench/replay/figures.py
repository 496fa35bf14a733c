"""The tables that say how good a model's answers were while its world changed."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import quantiles

from bench.replay.scene import Answered, Figures, Scene
from bench.replay.tally import Tally

HEALING = "self-healing"
SHARE = 0.6  # of the retrains of a schedule that healing may take to be as good
_DRAWS = 200
_DONE = ("retrains", "promotions", "rollbacks", "alerts")


def by_period(scene: Scene, answered: Sequence[Answered]) -> Mapping[str, Figures]:
    """Return the figures of each period of a scene, by its first day."""

    def number(each: Answered) -> int:
        return (each.ask.at - scene.begin) // scene.period

    return {
        (scene.begin + period * scene.period).date().isoformat(): scene.measure(list(group))
        for period, group in groupby(answered, number)
    }


def table(told: Mapping[str, tuple[Figures, Tally]]) -> str:
    """Return a row a way of running the model, as a Markdown table."""
    names = list(next(iter(told.values()))[0])
    lines = [
        f"| | {' | '.join((*names, *_DONE))} |",
        f"| --- |{' ---: |' * (len(names) + len(_DONE))}",
    ]
    for way, (found, done) in told.items():
        cells = [*(f"{found[name]:.3f}" for name in names), *(str(getattr(done, name)) for name in _DONE)]
        lines.append(f"| {way} | {' | '.join(cells)} |")
    return "\n".join(lines)


def over_time(shown: str, told: Mapping[str, Mapping[str, Figures]]) -> str:
    """Return a figure by periods, a row a way, as a Markdown table."""
    days = list(next(iter(told.values())))
    lines = [f"| {shown} from | {' | '.join(days)} |", f"| --- |{' ---: |' * len(days)}"]
    lines += [
        f"| {way} | {' | '.join(f'{found[day][shown]:.2f}' for day in days)} |" for way, found in told.items()
    ]
    return "\n".join(lines)


@dataclass(frozen=True)
class Beside:
    """Healing beside a schedule: by figure the difference and its 95 % interval; retrains of both."""

    scheduled: str
    differences: Mapping[str, tuple[float, float, float]]
    retrains: tuple[int, int]

    @property
    def is_reached(self) -> bool:
        """Say whether no figure is surely worse, with as few retrains as demanded."""
        healed, scheduled = self.retrains
        return healed <= SHARE * scheduled and all(high >= 0 for *_, high in self.differences.values())

    def __str__(self) -> str:
        healed, scheduled = self.retrains
        told = ", ".join(
            f"{name} {difference:+.3f} ({low:+.3f} to {high:+.3f})"
            for name, (difference, low, high) in self.differences.items()
        )
        return (
            f"Self-healing beside {self.scheduled}, {healed} retrains beside {scheduled}: {told}; "
            "in brackets 95 % intervals over the same requests."
        )


def beside(
    scene: Scene, played: Mapping[str, Sequence[Answered]], done: Mapping[str, Tally]
) -> Beside | None:
    """Compare healing with the way of the scene that goes by a schedule, where both were replayed."""
    ways = [way for way, keys in scene.ways.items() if keys.get("retrain")]
    if not ways or not {ways[0], HEALING} <= played.keys():
        return None
    ours, theirs = played[HEALING], played[ways[0]]
    chosen, draws = random.Random(0), []
    for _ in range(_DRAWS):
        rows = chosen.choices(range(len(ours)), k=len(ours))
        draws.append(
            _minus(scene.measure([ours[row] for row in rows]), scene.measure([theirs[row] for row in rows]))
        )
    found = {}
    for name, difference in _minus(scene.measure(ours), scene.measure(theirs)).items():
        cuts = quantiles([draw[name] for draw in draws], n=40)
        found[name] = (difference, cuts[0], cuts[-1])
    return Beside(ways[0], found, (done[HEALING].retrains, done[ways[0]].retrains))


def _minus(ours: Figures, theirs: Figures) -> Figures:
    return {name: ours[name] - theirs[name] for name in ours}
