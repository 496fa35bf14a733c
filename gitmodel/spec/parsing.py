"""From the text of a specification file to its value, or to all that is wrong with it."""

from gitmodel.spec import build, checks, yaml_source
from gitmodel.spec.environment import EnvironmentSpec
from gitmodel.spec.explain import schema_problems
from gitmodel.spec.model import ModelSpec
from gitmodel.spec.problems import InvalidSpec, Problem
from gitmodel.spec.repository import RepositorySpec
from gitmodel.spec.schemas import Name
from gitmodel.spec.yaml_source import Document

_CHECKS = {"model": checks.model_problems, "environment": checks.environment_problems}


def document_problems(kind: Name, document: Document) -> list[Problem]:
    """Return what is wrong in a file taken by itself; more is checked once its schema holds."""
    problems = schema_problems(kind, document)
    if problems or kind not in _CHECKS:
        return problems
    return sorted(_CHECKS[kind](document), key=lambda problem: problem.line)


def read_document(kind: Name, text: str | bytes, file: str) -> Document:
    """Parse and check a file.

    Raises:
        InvalidSpec: With all that is wrong in it.
    """
    document = yaml_source.parse(text, file)
    if kind == "gitmodel" and document.data is None:
        return Document(file, {}, document.lines)  # all of it is optional
    problems = document_problems(kind, document)
    if problems:
        raise InvalidSpec(problems)
    return document


def parse_model(text: str | bytes, file: str) -> ModelSpec:
    """Read a ``model.yaml``.

    Args:
        text: Its content; bytes are UTF-8.
        file: Its path, relative to the repository.

    Raises:
        InvalidSpec: With all that is wrong in it.
    """
    return build.build_model(read_document("model", text, file).data, file)


def parse_environment(text: str | bytes, file: str, *, site_local: bool = False) -> EnvironmentSpec:
    """Read an environment file; arguments and errors as for `parse_model`."""
    data = read_document("environment", text, file).data
    return build.build_environment(data, file, site_local=site_local)


def parse_repository(text: str | bytes, file: str = "gitmodel.yaml") -> RepositorySpec:
    """Read ``gitmodel.yaml``; arguments and errors as for `parse_model`."""
    return build.build_repository(read_document("gitmodel", text, file).data)
