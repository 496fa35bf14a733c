"""Make the frozen values from data that is known to be valid."""

import posixpath
from typing import Any, TypeVar

from gitmodel.spec import model
from gitmodel.spec.durations import parse_duration
from gitmodel.spec.environment import (
    AnalysisSpec,
    EnvironmentSpec,
    LimitsSpec,
    ReconcileSpec,
    StrategySpec,
    TlsSpec,
)
from gitmodel.spec.kubernetes import ContainerSpec, build_kubernetes
from gitmodel.spec.model import ModelSpec
from gitmodel.spec.repository import AlertSpec, CiSpec, RepositorySpec, SiteSpec
from gitmodel.spec.windows import build_windows

_T = TypeVar("_T")
_DEFAULT_STEPS = (5, 25, 100)
_DEFAULT_HOLD = "10m"
_BYTES = {"MB": 1_000_000, "GB": 1_000_000_000}


def build_model(data: dict[str, Any], file: str) -> ModelSpec:
    """Make a model from a valid ``model.yaml``."""
    made: dict[str, Any] = {
        "data": _optional(model.DataSpec, data.get("data")),
        "signature": _optional(model.SignatureSpec, data.get("signature")),
        "evaluate": _optional(model.EvaluateSpec, _evaluate(data.get("evaluate"))),
        "feedback": _optional(model.FeedbackSpec, _feedback(data.get("feedback"))),
        "gates": tuple(model.Gate(**gate) for gate in data.get("gates", ())),
        "quality": tuple(_condition(condition) for condition in data.get("quality", ())),
        "monitor": _monitor(data.get("monitor", {})),
        "serving": model.ServingSpec(**_frozen(data.get("serving", {}))),
        "retrain": model.RetrainSpec(**_frozen(data.get("retrain", {}))),
        "deploy": model.DeploySpec(**_frozen(data.get("deploy", {}))),
    }
    if "artifact" in data:
        made["artifact"] = _artifact(data["artifact"])
    return ModelSpec(folder=posixpath.dirname(file), file=file, **{**_frozen(data), **made})


def _optional(kind: type[_T], data: dict[str, Any] | None) -> _T | None:
    return kind(**data) if data is not None else None


def _frozen(data: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}


def _artifact(data: dict[str, Any]) -> model.ArtifactSpec:
    ending = posixpath.splitext(data["path"])[1].lower()
    return model.ArtifactSpec(data["path"], data.get("encoding") or model.ENCODINGS_BY_ENDING[ending])


def _evaluate(data: dict[str, Any] | None) -> dict[str, Any] | None:
    return {"kind": "command", **data} if data is not None else None


def _feedback(data: dict[str, Any] | None) -> dict[str, Any] | None:
    if data is None or "silence" not in data:
        return data
    return {**data, "silence": model.SilenceSpec(**_lengths(data["silence"], "after"))}


def _condition(data: dict[str, Any]) -> model.QualityCondition:
    return model.QualityCondition(**_lengths(_frozen(data), "window", "cool_down"))


def _monitor(data: dict[str, Any]) -> model.MonitorSpec:
    made = _lengths(_frozen(data), "keep")
    if "max_size" in made:
        made["max_size"] = int(made["max_size"][:-2]) * _BYTES[made["max_size"][-2:]]
    return model.MonitorSpec(**made)


def _lengths(data: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: parse_duration(value) if key in names else value for key, value in data.items()}


def build_environment(data: dict[str, Any], file: str, *, site_local: bool = False) -> EnvironmentSpec:
    """Make an environment from a valid environment file."""
    made = {
        **data,
        "strategy": _strategy(data.get("strategy", {})),
        "windows": build_windows(data.get("windows", {})),
        "reconcile": ReconcileSpec(**data.get("reconcile", {})),
        "kubernetes": build_kubernetes(data.get("kubernetes")),
        "container": ContainerSpec(**data.get("container", {})),
        "limits": LimitsSpec(**data.get("limits", {})),
        "secrets": tuple(data.get("secrets", ())),
        "tls": TlsSpec(**data["tls"]) if "tls" in data else None,
    }
    if "batch" in made:
        made["batch"] = str(made["batch"])
    return EnvironmentSpec(file=file, site_local=site_local, **made)


def _strategy(data: dict[str, Any]) -> StrategySpec:
    kind = data.get("kind", "blue-green")
    steps = tuple(data.get("steps", _DEFAULT_STEPS if kind == "canary" else ()))
    hold = data.get("hold", "0s" if kind == "blue-green" else _DEFAULT_HOLD)
    more = {key: data[key] for key in ("percent", "then") if key in data}
    analysis = AnalysisSpec(**data.get("analysis", {}))
    return StrategySpec(kind, steps, parse_duration(hold), analysis, **more)


def build_repository(data: dict[str, Any]) -> RepositorySpec:
    """Make the settings from a valid ``gitmodel.yaml``."""
    made = {
        "ci": CiSpec(**_frozen(data.get("ci", {}))),
        "site": SiteSpec(**data.get("site", {})),
        "alerts": tuple(AlertSpec(**_frozen(each)) for each in data.get("alerts", ())),
    }
    return RepositorySpec(**{**_frozen(data), **made})
