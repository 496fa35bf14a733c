"""Gather a model card from git, and from data and packages that are on this machine already."""

from collections.abc import Iterator, Mapping
from typing import Any

from gitmodel.errors import GitmodelError
from gitmodel.git.repository import Repository
from gitmodel.metrics.records import Record
from gitmodel.registry.versions import Version
from gitmodel.reports.card.card import Card, DataFact, Field, GateFact, Place
from gitmodel.reports.card.data import TableFacts, table_facts
from gitmodel.reports.card.slices import read_slices
from gitmodel.reports.lineage import Lineage
from gitmodel.reports.tracing import read_lineage
from gitmodel.spec import Gate, ModelSpec, load_model

_SHOWN_VALUES = 8


def read_card(repo: Repository, version: Version) -> Card:
    """Return the card of a version, as far as this copy of git, its cache and its packages tell.

    Nothing is pulled, trained, scored or packaged for it.
    """
    lineage = read_lineage(repo, version)
    unknown = list(lineage.unknown)
    try:
        spec = load_model(repo, version.commit, version.model)
    except GitmodelError as error:
        return Card(
            lineage,
            evaluations=_evaluations(lineage),
            places=_places(lineage),
            gates=tuple(_noted_gates(lineage)),
            slices=read_slices(repo, version),
            unknown=(*unknown, f"its model.yaml cannot be read: {error.message}"),
        )
    tables = _tables(repo, spec, lineage.version)
    inputs, outputs, source = _signature(repo, spec, version, tables)
    return Card(
        lineage,
        description=spec.description,
        owners=spec.owners,
        intended_use=spec.intended_use,
        limitations=spec.limitations,
        license=spec.license,
        kind=spec.evaluate.kind if spec.evaluate else "",
        data=tuple(_data(spec, lineage.version, tables)),
        inputs=inputs,
        outputs=outputs,
        signature=source,
        gates=tuple(_noted_gates(lineage)) or tuple(_declared_gates(spec)),
        evaluations=_evaluations(lineage),
        places=_places(lineage),
        feedback=_feedback(spec),
        slices=read_slices(repo, version),
        unknown=tuple(unknown),
    )


def _uses(spec: ModelSpec) -> dict[str, str]:
    """Return what the data files of a model are for, by path from the top."""
    if spec.data is None:
        return {}
    named = {"trained on": spec.data.train, "tested on": spec.data.test}
    return {spec.path(path): use for use, path in named.items() if path}


def _tables(repo: Repository, spec: ModelSpec, version: Version) -> dict[str, TableFacts | None]:
    target = spec.data.target if spec.data else None
    paths = dict.fromkeys([*_uses(spec), *version.facts.data])
    return {path: table_facts(repo, version.commit, path, target) for path in paths}


def _data(spec: ModelSpec, version: Version, tables: Mapping[str, TableFacts | None]) -> Iterator[DataFact]:
    uses = _uses(spec)
    for path, table in tables.items():
        ref = version.facts.data.get(path)
        yield DataFact(
            path,
            uses.get(path, "data"),
            ref.md5 if ref else None,
            ref.rows if ref else None,
            ref.size if ref else None,
            len(table.columns) if table else None,
            table.target if table else "",
        )


_Fields = tuple[Field, ...]


def _signature(
    repo: Repository, spec: ModelSpec, version: Version, tables: Mapping[str, TableFacts | None]
) -> tuple[_Fields, _Fields, str]:
    """Return what it takes and answers, and where that is from.

    That is model.yaml, a package that is here, or else the columns of its training data.
    """
    from gitmodel.packaging.making import read_declared, read_packaged

    try:
        declared = read_declared(repo, version.commit, spec)
    except GitmodelError:
        declared = None
    given = (declared.input or {}, declared.output or {}) if declared else ({}, {})
    packaged = None
    if not all(given):
        packaged = read_packaged(repo.state / "packages", version.model, version.version, version.commit)
    if packaged is not None:
        return _fields(packaged.input), _fields(packaged.output), "of its package"
    if any(given):
        return _fields(given[0]), _fields(given[1]), "declared in model.yaml"
    target = spec.data.target if spec.data else None
    for path, use in _uses(spec).items():
        table = tables.get(path)
        if table and use == "trained on":
            columns = (Field(name, kind) for name, kind in table.columns if name != target)
            return tuple(columns), (), f"columns of {path}: it was not packaged here"
    return (), (), ""


def _fields(schema: Mapping[str, Any]) -> _Fields:
    return tuple(_each_field(schema))


def _each_field(schema: Mapping[str, Any]) -> Iterator[Field]:
    properties = schema.get("properties")
    required = schema.get("required")
    for name, each in properties.items() if isinstance(properties, Mapping) else ():
        column = each if isinstance(each, Mapping) else {}
        kinds = column.get("type", [])
        told = [kinds] if isinstance(kinds, str) else [str(kind) for kind in kinds or ()]
        optional = [] if isinstance(required, list) and name in required else ["optional"]
        yield Field(str(name), ", ".join([" or ".join(told), *optional]).strip(", "), _values(column))


def _values(column: Mapping[str, Any]) -> str:
    if isinstance(column.get("enum"), list):
        return _some("one of ", column["enum"])
    bounds = [
        f"{word} {column[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in column
    ]
    if bounds:
        return " ".join(bounds)
    if isinstance(column.get("properties"), Mapping):
        return _some("for ", list(column["properties"]))
    return _some("such as ", column["examples"]) if isinstance(column.get("examples"), list) else ""


def _some(words: str, values: list[Any]) -> str:
    shown = ", ".join(str(value) for value in values[:_SHOWN_VALUES])
    return f"{words}{shown}{', …' if len(values) > _SHOWN_VALUES else ''}" if values else ""


def _noted_gates(lineage: Lineage) -> Iterator[GateFact]:
    """Yield what the newest promotion to each environment noted."""
    newest = {stay.env: stay for stay in lineage.stays if stay.gates}
    for stay in newest.values():
        for gate in stay.gates:
            yield GateFact(stay.env, str(gate.get("verdict", "")), str(gate.get("reason", "")))


def _declared_gates(spec: ModelSpec) -> Iterator[GateFact]:
    for gate in spec.gates:
        yield GateFact(gate.versus or "", "declared", _gate_words(gate))


def _gate_words(gate: Gate) -> str:
    words = [f"at least {gate.min}"] if gate.min is not None else []
    words += [f"at most {gate.max}"] if gate.max is not None else []
    if gate.versus:
        words.append(f"not worse than in {gate.versus} by more than {gate.max_drop or 0}")
    return f"{gate.metric} {' and '.join(words)}"


def _evaluations(lineage: Lineage) -> tuple[Record, ...]:
    """Return what was measured since the training: all evaluations, and the newest live record of a place."""
    newest: dict[tuple[str, str], Record] = {}
    for record in sorted(lineage.records, key=lambda each: each.at):
        if record.kind != "training":
            newest[record.kind, record.dataset.name if record.dataset else ""] = record
    return tuple(newest.values())


def _places(lineage: Lineage) -> tuple[Place, ...]:
    outcomes = {rollout.env: rollout for rollout in sorted(lineage.rollouts, key=lambda each: each.at)}
    newest = {stay.env: stay for stay in lineage.stays}
    return tuple(
        Place(
            stay.env,
            stay.at,
            stay.by,
            stay.until,
            outcomes[stay.env].url if stay.env in outcomes and stay.until is None else "",
            outcomes[stay.env].outcome if stay.env in outcomes else "",
        )
        for stay in newest.values()
    )


def _feedback(spec: ModelSpec) -> str:
    if spec.feedback is None:
        return ""
    words = [f"labels that come back are appended to {spec.feedback_path}"]
    if spec.feedback.holdout:
        words.append(f"{spec.feedback.holdout:.0%} of them are never trained on")
    if spec.feedback.silence:
        silence = spec.feedback.silence
        words.append(f"without any word within {silence.after} the label is {silence.label}")
    return "; ".join(words)
