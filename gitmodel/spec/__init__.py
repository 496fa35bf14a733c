"""Specifications (``model.yaml``, environment files, ``gitmodel.yaml``): values, loading, validation.

Names are imported from their modules when first asked for, so that reading a table of versions does not
pay for the YAML reader.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gitmodel.spec.environment import AnalysisSpec, EnvironmentSpec, StrategySpec
    from gitmodel.spec.loading import (
        load_environment,
        load_environments,
        load_model,
        load_models,
        load_repository,
    )
    from gitmodel.spec.model import (
        ArtifactSpec,
        DataSpec,
        DeploySpec,
        EvaluateSpec,
        FeedbackSpec,
        Gate,
        ModelSpec,
        MonitorSpec,
        QualityCondition,
        RetrainSpec,
        SignatureSpec,
    )
    from gitmodel.spec.parsing import parse_environment, parse_model, parse_repository
    from gitmodel.spec.problems import InvalidSpec, Problem
    from gitmodel.spec.repository import RepositorySpec
    from gitmodel.spec.schemas import load_schema, schema_path
    from gitmodel.spec.validation import Report, validate_paths, validate_revision, validate_tree

_HOMES = {
    "AnalysisSpec": "environment",
    "ArtifactSpec": "model",
    "DataSpec": "model",
    "DeploySpec": "model",
    "EnvironmentSpec": "environment",
    "EvaluateSpec": "model",
    "FeedbackSpec": "model",
    "Gate": "model",
    "InvalidSpec": "problems",
    "ModelSpec": "model",
    "MonitorSpec": "model",
    "Problem": "problems",
    "QualityCondition": "model",
    "Report": "validation",
    "RepositorySpec": "repository",
    "RetrainSpec": "model",
    "SignatureSpec": "model",
    "StrategySpec": "environment",
    "load_environment": "loading",
    "load_environments": "loading",
    "load_model": "loading",
    "load_models": "loading",
    "load_repository": "loading",
    "load_schema": "schemas",
    "parse_environment": "parsing",
    "parse_model": "parsing",
    "parse_repository": "parsing",
    "schema_path": "schemas",
    "validate_paths": "validation",
    "validate_revision": "validation",
    "validate_tree": "validation",
}

__all__ = [
    "AnalysisSpec",
    "ArtifactSpec",
    "DataSpec",
    "DeploySpec",
    "EnvironmentSpec",
    "EvaluateSpec",
    "FeedbackSpec",
    "Gate",
    "InvalidSpec",
    "ModelSpec",
    "MonitorSpec",
    "Problem",
    "QualityCondition",
    "Report",
    "RepositorySpec",
    "RetrainSpec",
    "SignatureSpec",
    "StrategySpec",
    "load_environment",
    "load_environments",
    "load_model",
    "load_models",
    "load_repository",
    "load_schema",
    "parse_environment",
    "parse_model",
    "parse_repository",
    "schema_path",
    "validate_paths",
    "validate_revision",
    "validate_tree",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
