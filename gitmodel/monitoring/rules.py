"""Alert rules for Prometheus, made from what models declare. Pure: specifications in, a document out.

The rules look at what services tell (see docs/live.md). They bound what `model.yaml` bounds, over the same
windows, and ask for as many rows; where figures are older than their window they say nothing of quality.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gitmodel.monitoring.conditions import bounds_of
from gitmodel.spec import ModelSpec
from gitmodel.spec.durations import format_duration
from gitmodel.spec.model import QualityCondition

_AGE = "gitmodel_live_measured_timestamp_seconds"
_RESTART = "5m"  # longer than a service takes to start again
Rule = dict[str, Any]


@dataclass(frozen=True)
class Served:
    """A model in an environment where a version of it should run."""

    spec: ModelSpec
    environment: str

    def select(self, **more: str) -> str:
        """Return what selects its series."""
        labels = {"model": self.spec.name, "environment": self.environment, **more}
        return "{" + ",".join(f"{name}={_text(value)}" for name, value in labels.items()) + "}"


def rules_document(served: Sequence[Served]) -> dict[str, Any]:
    """Return the content of a file of rules: a group a model and environment."""
    return {
        "groups": [
            {"name": f"gitmodel/{each.environment}/{each.spec.name}", "rules": list(_rules(each))}
            for each in served
        ]
    }


def _rules(served: Served) -> Iterator[Rule]:
    for condition in served.spec.quality:
        if condition.min is not None:
            yield _quality(served, condition, "min", condition.min)
        if condition.max is not None and condition.metric == "error_rate":
            yield _errors(served, condition, condition.max)
        elif condition.max is not None:
            yield _quality(served, condition, "max", condition.max)
    measured = [each.window for each in served.spec.quality if each.metric != "error_rate"]
    if measured:
        yield _unmeasured(served, min(measured))
    yield _dropped(served)
    yield _down(served)


def _quality(served: Served, condition: QualityCondition, bound: str, limit: float) -> Rule:
    """Return the rule of a bound: as `monitor` judges, the whole interval must be beyond it.

    Of several hosts, the one whose figures are the newest tells the truth.
    """
    window = format_duration(condition.window)
    select = served.select(metric=condition.metric, window=window)
    beyond = ("_high", "<") if bound == "min" else ("_low", ">")
    seconds = int(condition.window.total_seconds())
    expression = (
        "max by (model, environment, version, metric, window) (\n"
        f"  gitmodel_live_metric{beyond[0]}{select} {beyond[1]} {limit!r}\n"
        f"  and gitmodel_live_samples{select} >= {condition.min_samples}\n"
        f"  and {_AGE}{select} > time() - {seconds}\n"
        f"  and {_AGE}{select} >= scalar(max({_AGE}{select}))\n)"
    )
    what = f"{condition.metric} of {served.spec.name} in {served.environment} is not {bounds_of(condition)}"
    more = f'the nearer end of its 95 % interval over {window} is {{{{ printf "%.4g" $value }}}}'
    return _rule(served, "GitmodelQuality", expression, what, more, labels=_labels(condition, bound))


def _errors(served: Served, condition: QualityCondition, limit: float) -> Rule:
    """Return the rule of a bound on errors, from the services' own counters: nobody has to measure first."""
    window = format_duration(condition.window)
    model = served.select()
    failed = f'sum(increase(gitmodel_predictions_total{model[:-1]},outcome!="ok"}}[{window}]))'
    answered = f"sum(increase(gitmodel_prediction_seconds_count{model}[{window}]))"
    expression = (
        f"{failed} / ({failed} + {answered}) > {limit!r}\n"
        f"and ({failed} + {answered}) >= {condition.min_samples}"
    )
    what = f"{served.spec.name} in {served.environment} refuses or fails too many requests"
    more = f"over {window} it is {{{{ $value | humanizePercentage }}}}, not {bounds_of(condition)}"
    return _rule(served, "GitmodelErrors", expression, what, more, labels=_labels(condition, "max"))


def _unmeasured(served: Served, window: timedelta) -> Rule:
    length = format_duration(window)
    expression = f"absent({_AGE}{served.select()} > time() - {int(window.total_seconds())})"
    what = f"nobody measures {served.spec.name} in {served.environment}"
    more = f"its figures are older than {length}, the window of its conditions, or there are none"
    return _rule(served, "GitmodelNotMeasured", expression, what, more, lasting=length)


def _dropped(served: Served) -> Rule:
    lost = f"increase(gitmodel_predictions_dropped_total{served.select()}[1h])"
    what = f"predictions of {served.spec.name} in {served.environment} are not kept"
    more = "{{ $value | humanize }} rows in the last hour: {{ $labels.reason }}"
    return _rule(
        served, "GitmodelPredictionsDropped", f"sum by (model, environment, reason) ({lost}) > 0", what, more
    )


def _down(served: Served) -> Rule:
    what = f"{served.spec.name} does not serve in {served.environment}"
    more = "no service tells of it; a version of it should run there"
    expression = f"absent(gitmodel_model_info{served.select()})"
    return _rule(served, "GitmodelServiceDown", expression, what, more, lasting=_RESTART, severity="critical")


def _rule(
    served: Served,
    alert: str,
    expression: str,
    summary: str,
    description: str,
    *,
    lasting: str = "0s",
    severity: str = "warning",
    labels: Mapping[str, str] | None = None,
) -> Rule:
    name, env = served.spec.name, served.environment
    return {
        "alert": alert,
        "expr": expression,
        "for": lasting,
        "labels": {"model": name, "environment": env, "severity": severity, **(labels or {})},
        "annotations": {
            "summary": _plain(summary),
            "description": description,
            "runbook": f"gitmodel monitor {name} {env}; gitmodel status; gitmodel log --incidents {name}",
        },
    }


def _labels(condition: QualityCondition, bound: str) -> dict[str, str]:
    """Return what tells the rules of a model apart."""
    window = format_duration(condition.window)
    return {"metric": _plain(condition.metric), "window": window, "bound": bound}


def _text(value: str) -> str:
    """Write a text as Prometheus reads it."""
    return json.dumps(value, ensure_ascii=False)


def _plain(text: str) -> str:
    """Write a text where Prometheus looks for templates."""
    return text.replace("{{", '{{ "{{" }}')
