"""The registry from Python: models by name, versions by number, word or environment, artifacts ready to use.

    >>> import gitmodel
    >>> version = gitmodel.open(".")["credit-risk"]["production"]
    >>> version.metrics["accuracy"]
    0.85
    >>> version.load().algo
    'DecisionTreeClassifier'

What is not there raises `Missing`, which is a `KeyError`; every error is a `gitmodel.errors.GitmodelError`.
Models and versions are as they were when they were asked for; all objects may be shared among threads.
"""

from gitmodel.api.models import Missing, Model, Registry, open_registry
from gitmodel.api.version import Version
from gitmodel.metrics.records import Record
from gitmodel.registry.versions import ArtifactRef, DataRef
from gitmodel.training.sources import StaleWarning

__all__ = [
    "ArtifactRef",
    "DataRef",
    "Missing",
    "Model",
    "Record",
    "Registry",
    "StaleWarning",
    "Version",
    "open_registry",
]
