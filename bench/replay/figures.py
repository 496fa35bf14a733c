"""The tables that say how good a model's answers were while its world changed."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from bench.replay.scene import Answered, Figures, Scene
from bench.replay.tally import Tally

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
