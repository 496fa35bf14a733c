"""What must hold in one file beyond its JSON Schema; each check yields what is wrong.

The checks run on data that its schema allows, so they need not ask for types again.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import asdict
from itertools import pairwise
from typing import Any

from gitmodel.spec.kubernetes import RequestsSpec, amount
from gitmodel.spec.model import ENCODINGS_BY_ENDING
from gitmodel.spec.problems import Problem, described, one_of
from gitmodel.spec.schedule import OddSchedule, to_cron
from gitmodel.spec.windows import check_windows
from gitmodel.spec.yaml_source import Document

_WHOLE = 100  # percent
_NEED_TARGET = ("classification", "regression", "ranking")


def model_problems(document: Document) -> Iterator[Problem]:
    """Check a ``model.yaml``."""
    data = document.data
    yield from _artifact(document, data.get("artifact", {}))
    yield from _evaluate(document, data)
    for key in ("gates", "quality"):
        for number, condition in enumerate(data.get(key, ())):
            yield from _bounds(document, condition, (key, number))
    for number, gate in enumerate(data.get("gates", ())):
        yield from _gate(document, gate, ("gates", number))
    for key in ("retrain", "monitor"):
        yield from _schedule(document, key)
    both = sorted({*data.get("monitor", {}).get("exclude", ())} & {*data.get("monitor", {}).get("hash", ())})
    if both:
        yield document.problem(
            ("monitor", "hash"), described(both[0]), "columns that `exclude` does not name"
        )


def _artifact(document: Document, artifact: dict[str, Any]) -> Iterator[Problem]:
    path = artifact.get("path", "")
    ending = posixpath.splitext(path)[1].lower()
    if path and "encoding" not in artifact and ending not in ENCODINGS_BY_ENDING:
        hint = f'the ending of "{path}" does not say it'
        allowed = one_of(dict.fromkeys([*ENCODINGS_BY_ENDING.values(), "lightgbm", "python"]))
        yield document.problem(("artifact", "encoding"), "nothing", allowed, hint)


def _evaluate(document: Document, data: dict[str, Any]) -> Iterator[Problem]:
    evaluate = data.get("evaluate", {})
    kind = evaluate.get("kind")
    if kind == "command" and "command" not in evaluate:
        yield document.problem(
            ("evaluate", "command"), "nothing", "the program to run", 'kind "command" needs it'
        )
    if kind not in (None, "command") and "command" in evaluate:
        found = f'a command beside kind "{kind}"'
        yield document.problem(("evaluate", "command"), found, 'it only with kind "command"')
    if "positive" in evaluate and kind != "classification":
        found = described(evaluate["positive"])
        yield document.problem(("evaluate", "positive"), found, 'it only with kind "classification"')
    if kind == "ranking" and "group" not in evaluate:
        yield document.problem(
            ("evaluate", "group"),
            "nothing",
            "the column of what is ranked together",
            'kind "ranking" needs it',
        )
    for key in ("group", "k"):
        if key in evaluate and kind != "ranking":
            found = described(evaluate[key])
            yield document.problem(("evaluate", key), found, 'it only with kind "ranking"')
    if kind in _NEED_TARGET and "target" not in data.get("data", {}):
        hint = f"evaluate: {{kind: {kind}}} needs it"
        yield document.problem(("data", "target"), "nothing", "the column to predict", hint)


def _bounds(document: Document, condition: dict[str, Any], path: tuple[str, int]) -> Iterator[Problem]:
    least, greatest = condition.get("min"), condition.get("max")
    if least is not None and greatest is not None and least > greatest:
        yield document.problem((*path, "min"), described(least), f"a number of at most {greatest} (max)")


def _gate(document: Document, gate: dict[str, Any], path: tuple[str, int]) -> Iterator[Problem]:
    data = document.data
    evaluate = data.get("evaluate", {})
    if "versus" not in gate:
        if not evaluate and not data.get("metrics"):
            found = f'the metric "{gate["metric"]}", which nothing measures'
            yield document.problem((*path, "metric"), found, '"metrics" files or "evaluate" in this file')
        return
    hint = f'the gate versus "{gate["versus"]}" scores both versions on the same rows'
    if not evaluate:
        yield document.problem(
            ("evaluate",), "nothing", "how versions are scored, such as {kind: regression}", hint
        )
    elif evaluate.get("kind", "command") != "command" and "test" not in data.get("data", {}):
        yield document.problem(("data", "test"), "nothing", "a file with labelled rows", hint)


def environment_problems(document: Document) -> Iterator[Problem]:
    """Check an environment file."""
    data = document.data
    stem = posixpath.basename(document.file).rsplit(".", 1)[0]
    if data["name"] != stem:
        yield document.problem(("name",), described(data["name"]), f'"{stem}", as the file is named')
    if data.get("after") == data["name"]:
        yield document.problem(("after",), "the environment itself", "another environment")
    yield from _strategy(document, data.get("strategy", {}))
    yield from _schedule(document, "reconcile")
    yield from _kubernetes(document, data)
    yield from _on_hosts(document, data)
    for place, odd in check_windows(data.get("windows", {})):
        yield document.problem(("windows", *place), odd.found, odd.expected, odd.hint)


def _on_hosts(document: Document, data: dict[str, Any]) -> Iterator[Problem]:
    """Check what belongs to the runtime ``systemd``."""
    runtime = data.get("runtime", "process")
    if runtime == "systemd" and "inventory" not in data:
        yield document.problem(
            ("runtime",),
            "`systemd` without an inventory",
            "an ansible inventory",
            "add `inventory: production.hosts.yaml`",
        )
    for key in ("secrets", "tls"):
        if key in data and runtime != "systemd":
            yield document.problem((key,), f"`{key}` with the runtime `{runtime}`", "the runtime `systemd`")


def _schedule(document: Document, key: str) -> Iterator[Problem]:
    try:
        to_cron(document.data.get(key, {}).get("schedule") or "* * * * *")
    except OddSchedule as odd:
        yield document.problem((key, "schedule"), odd.found, odd.expected, odd.hint)


def _kubernetes(document: Document, data: dict[str, Any]) -> Iterator[Problem]:
    is_used, section = data.get("runtime") == "kubernetes", data.get("kubernetes")
    if is_used and section is None:
        yield document.problem(
            ("kubernetes",), "nothing", "a namespace and an image", 'runtime "kubernetes" needs it'
        )
    if section is None:
        return
    if not is_used:
        found = f'it beside runtime "{data.get("runtime", "process")}"'
        yield document.problem(("kubernetes",), found, 'it only with runtime "kubernetes"')
    replicas = section.get("replicas", {})
    least, most = replicas.get("min", 1), replicas.get("max")
    if most is not None and least > most:
        yield document.problem(
            ("kubernetes", "replicas", "min"), str(least), f"a number of at most {most} (max)"
        )
    for name, least in asdict(RequestsSpec(**section.get("requests", {}))).items():
        bound = section.get("limits", {}).get(name)
        if bound is not None and amount(bound) < amount(least):
            found = f"{bound}, less than a pod is sure to get"
            yield document.problem(("kubernetes", "limits", name), found, f"at least {least} (requests)")
    kind = data.get("strategy", {}).get("kind", "blue-green")
    if is_used and kind != "blue-green":
        hint = "Argo Rollouts does such steps in a cluster; `gitmodel render` writes what it needs"
        yield document.problem(
            ("strategy", "kind"), f"{kind} on Kubernetes", "blue-green, the one there is yet", hint
        )


def _strategy(document: Document, strategy: dict[str, Any]) -> Iterator[Problem]:
    kind = strategy.get("kind", "blue-green")
    steps = strategy.get("steps")
    if steps is not None and kind != "canary":
        yield document.problem(("strategy", "steps"), f"steps of a {kind}", 'it only with kind "canary"')
    for key in ("hold", "analysis"):
        if key in strategy and kind == "blue-green":
            found = f"{'a hold' if key == 'hold' else 'an analysis'} of a {kind}"
            yield document.problem(("strategy", key), found, 'it only with kind "canary" or "shadow"')
    for key in ("percent", "then"):
        if key in strategy and kind != "shadow":
            yield document.problem(("strategy", key), f"{key} of a {kind}", 'it only with kind "shadow"')
    if steps and (any(low >= high for low, high in pairwise(steps)) or steps[-1] != _WHOLE):
        yield document.problem(("strategy", "steps"), str(steps), "rising numbers, the last one 100")
