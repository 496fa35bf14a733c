"""What must hold between specification files: names that are unique, environments that exist."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from gitmodel.spec.problems import Path, Problem, did_you_mean, one_of
from gitmodel.spec.yaml_source import Document

Documents = Mapping[str, Document]


def name_of(document: Document) -> str | None:
    """Return the name that a file gives itself, whatever else is wrong in it."""
    name = document.data.get("name") if isinstance(document.data, dict) else None
    return name if isinstance(name, str) else None


def shared_names(models: Documents, selected: Callable[[str], bool]) -> Iterator[Problem]:
    """Find models that have one name; the file that changed is at fault, else the later one."""
    by_name: dict[str, list[Document]] = {}
    for document in models.values():
        name = name_of(document)
        if name is not None:
            by_name.setdefault(name, []).append(document)
    for name, sharing in by_name.items():
        first, *others = sorted(sharing, key=lambda document: (selected(document.file), document.file))
        for document in others:
            place = f"{first.file}:{first.line(('name',))}"
            yield document.problem(
                ("name",), f'"{name}" again (see {place})', "a name of its own for each model"
            )


def unknown_environments(model: Document, known: Collection[str]) -> Iterator[Problem]:
    """Find environments that a valid model names and that do not exist."""
    for path, name in _named_environments(model.data):
        if name not in known:
            yield _unknown(model, path, name, known)


def _named_environments(data: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    for number, gate in enumerate(data.get("gates", ())):
        if "versus" in gate:
            yield ("gates", number, "versus"), gate["versus"]
    for number, name in enumerate(data.get("deploy", {}).get("environments", ())):
        yield ("deploy", "environments", number), name


def _unknown(document: Document, path: Path, name: str, known: Iterable[str]) -> Problem:
    found = f'"{name}", an environment that does not exist'
    return document.problem(path, found, one_of(sorted(known)), did_you_mean(name, known))


def order(environments: Documents, known: Collection[str]) -> Iterator[Problem]:
    """Find valid environments that come after one that does not exist, or after themselves."""
    after = {document.data["name"]: document.data.get("after") for document in environments.values()}
    for document in environments.values():
        name, before = document.data["name"], document.data.get("after")
        if before is not None and before not in known:
            others = [other for other in known if other != name]
            yield _unknown(document, ("after",), before, others)
        circle = _circle(name, after)
        if circle and name == min(circle):
            yield document.problem(
                ("after",), f"a circle ({' after '.join([*circle, name])})", "a first environment"
            )


def _circle(name: str, after: Mapping[str, str | None]) -> list[str]:
    """Return the environments that lead from this one back to itself, if they do."""
    way = [name]
    while (before := after.get(way[-1])) is not None:
        if before == name:
            return way
        if before in way:
            return []
        way.append(before)
    return []
