"""Specifications (``model.yaml``, environment files, ``gitmodel.yaml``): values, loading, validation."""

from gitmodel.spec.environment import EnvironmentSpec, StrategySpec
from gitmodel.spec.model import (
    ArtifactSpec,
    DataSpec,
    DeploySpec,
    EvaluateSpec,
    FeedbackSpec,
    Gate,
    ModelSpec,
    QualityCondition,
    RetrainSpec,
    SignatureSpec,
)
from gitmodel.spec.repository import RepositorySpec

__all__ = [
    "ArtifactSpec",
    "DataSpec",
    "DeploySpec",
    "EnvironmentSpec",
    "EvaluateSpec",
    "FeedbackSpec",
    "Gate",
    "ModelSpec",
    "QualityCondition",
    "RepositorySpec",
    "RetrainSpec",
    "SignatureSpec",
    "StrategySpec",
]
