"""How well mails were judged while they came, and the tables that say so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from bench.replay.tally import Tally
from bench.replay.world import Answered


@dataclass(frozen=True)
class Figures:
    """Of some mails: how many, the share judged right, of spam the share found, average precision."""

    mails: int
    accuracy: float
    recall: float
    average_precision: float


def figures(answered: Sequence[Answered]) -> Figures:
    """Measure the answers that were given, by whatever version was there."""
    from sklearn.metrics import accuracy_score, average_precision_score, recall_score

    truths = [truth for each in answered for truth in each.ask.truths]
    answers = [answer for each in answered for answer in each.answers]
    said = [answer["prediction"] for answer in answers]
    scores = [answer["probabilities"]["1"] for answer in answers]
    return Figures(
        len(truths),
        float(accuracy_score(truths, said)),
        float(recall_score(truths, said, zero_division=0.0)),
        float(average_precision_score(truths, scores)),
    )


def by_weeks(answered: Sequence[Answered], weeks: int) -> Mapping[str, Figures]:
    """Return the figures of so many weeks each, by their first day."""
    begin = answered[0].ask.at.replace(hour=0, minute=0, second=0)

    def period(each: Answered) -> int:
        return (each.ask.at - begin).days // (7 * weeks)

    found = {}
    for _, group in groupby(sorted(answered, key=period), period):
        rows = list(group)
        found[rows[0].ask.at.date().isoformat()] = figures(rows)
    return found


def table(told: Mapping[str, tuple[Figures, Tally]]) -> str:
    """Return a row a way of running the model, as a Markdown table."""
    lines = [
        "| | accuracy | recall of spam | average precision | retrains | promotions | rollbacks | alerts |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, (found, done) in told.items():
        lines.append(
            f"| {name} | {found.accuracy:.3f} | {found.recall:.3f} | {found.average_precision:.3f} "
            f"| {done.retrains} | {done.promotions} | {done.rollbacks} | {done.alerts} |"
        )
    return "\n".join(lines)


def over_time(told: Mapping[str, Mapping[str, Figures]]) -> str:
    """Return the recall of spam by weeks, a row a way, as a Markdown table."""
    days = list(next(iter(told.values())))
    lines = [f"| recall of spam from | {' | '.join(days)} |", f"| --- |{' ---: |' * len(days)}"]
    lines += [
        f"| {name} | {' | '.join(f'{found[day].recall:.2f}' for day in days)} |"
        for name, found in told.items()
    ]
    return "\n".join(lines)
