"""Two versions of a model side by side: metrics, parameters, data, code, artifact, signature, environment."""

import json
import posixpath
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gitmodel.git.objects import list_files, read_files
from gitmodel.git.repository import Repository
from gitmodel.registry.versions import DataRef, Version
from gitmodel.reports.contract import ContractChange
from gitmodel.reports.diff import Change, diff_document, diff_table, metric_diff
from gitmodel.reports.table import align
from gitmodel.reports.terminal import clean
from gitmodel.reports.words import flatten
from gitmodel.spec.repository import LOCK_FILES

_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
_GENERATED = ("dvc.lock", "metrics.json")
_FILES_SHOWN = 20


@dataclass(frozen=True)
class Pair:
    """A thing before and after; ``None``: it is not there."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Comparison:
    """What differs between two versions.

    Attributes:
        old, new: The versions.
        metrics: Every metric.
        parameters, data, artifact, environment: What differs of each.
        code: Files that differ, with lines added and removed; ``-`` for a binary one.
        contract: What differs of the signature; ``None``: it is not known, and ``unknown`` says why.
        locked: Whether both versions have a lock file of their Python environment.
    """

    old: Version
    new: Version
    metrics: list[Change]
    parameters: list[Pair]
    data: list[Pair]
    artifact: list[Pair]
    code: list[tuple[str, str, str]]
    environment: list[Pair]
    locked: bool
    contract: list[ContractChange] | None
    unknown: str = ""

    @property
    def breaks(self) -> bool | None:
        """Whether clients of the old version fail with the new one; ``None``: it is not known."""
        return None if self.contract is None else any(change.breaks for change in self.contract)

    def __str__(self) -> str:
        """Return the comparison as text."""
        return "\n".join(comparison_text(self))


def compare(
    repo: Repository,
    old: Version,
    new: Version,
    contract: list[ContractChange] | None = None,
    unknown: str = "",
) -> Comparison:
    """Compare two versions by what git knows of them.

    Args:
        repo: Where they are.
        old: The one before.
        new: The one after.
        contract: What `compare_contracts` found.
        unknown: Why it was not asked.
    """
    commits = old.source, new.source
    pins = [_pins(repo, commit, version) for commit, version in zip(commits, (old, new), strict=True)]
    return Comparison(
        old,
        new,
        metric_diff(old.facts.metrics, new.facts.metrics),
        _pairs(*(_texts(dict(flatten(version.facts.parameters))) for version in (old, new))),
        _pairs(*({path: _data(ref) for path, ref in version.facts.data.items()} for version in (old, new))),
        _pairs(_artifact(old), _artifact(new)),
        _code(repo, *commits, new),
        _pairs(pins[0] or {}, pins[1] or {}),
        None not in pins,
        contract,
        unknown,
    )


def _pairs(old: Mapping[str, str], new: Mapping[str, str]) -> list[Pair]:
    """Return what differs, by name."""
    names = sorted({*old, *new})
    return [Pair(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {
        key: value if isinstance(value, str) else json.dumps(value, default=str)
        for key, value in values.items()
    }


def _data(ref: DataRef) -> str:
    words = [f"md5:{ref.md5[:8]}"] if ref.md5 else []
    words += [f"{ref.rows} rows"] if ref.rows is not None else []
    words += [f"{ref.size} bytes"] if ref.size is not None else []
    return " ".join(words) or "tracked"


def _artifact(version: Version) -> dict[str, str]:
    facts, artifact = version.facts, version.facts.artifact
    found = {"encoding": facts.encoding, "algo": facts.algo}
    if artifact:
        size = None if artifact.size is None else f"{artifact.size} bytes"
        found |= {"path": artifact.path, "size": size, "sha256": artifact.sha256 and artifact.sha256[:12]}
    return {key: value for key, value in found.items() if value}


def _code(repo: Repository, old: str, new: str, version: Version) -> list[tuple[str, str, str]]:
    """Return the files that differ, less those of other models and those that training writes."""
    others = {
        path.removesuffix("model.yaml") for path in list_files(repo, new) if path.endswith("/model.yaml")
    }
    artifact = version.facts.artifact
    others = {folder for folder in others if not (artifact and artifact.path.startswith(folder))}
    done = repo.run("diff", "--numstat", "-z", "--no-renames", "--no-ext-diff", old, new, "--", check=False)
    rows = (line.split("\t", 2) for line in done.text.split("\0") if line)
    return [
        (path, added, removed)
        for added, removed, path in rows
        if not path.endswith(_GENERATED) and not any(path.startswith(folder) for folder in others)
    ]


def _pins(repo: Repository, commit: str, version: Version) -> dict[str, str] | None:
    """Return the Python packages that the lock files of a commit name; ``None``: there are no such files."""
    artifact = version.facts.artifact
    folder = artifact.path.rpartition("/")[0] if artifact else ""
    places = [posixpath.join(place, name) for place in dict.fromkeys(("", folder)) for name in LOCK_FILES]
    files = {path: text for path, text in read_files(repo, commit, places).items() if text is not None}
    pins: dict[str, str] = {}
    for path, text in files.items():
        pins.update(_read_pins(path, text.decode("utf-8", "replace")))
    return pins if files else None


def _read_pins(path: str, text: str) -> Iterator[tuple[str, str]]:
    try:
        if path.endswith("Pipfile.lock"):
            for name, entry in json.loads(text).get("default", {}).items():
                yield name, str(entry.get("version", "")).removeprefix("==")
        elif path.endswith((".txt", "requirements.lock")):
            yield from ((name.lower(), version) for name, version in _PIN.findall(text))
        else:
            for entry in tomllib.loads(text).get("package", ()):
                yield str(entry["name"]), str(entry.get("version", ""))
    except (ValueError, KeyError, AttributeError, TypeError):
        return  # a lock that cannot be read says nothing


def comparison_text(found: Comparison) -> list[str]:
    """Return the comparison as text: what it means first, then each part that differs."""
    old, new = f"v{found.old.version}", f"v{found.new.version}"
    if found.old.model != found.new.model:
        old, new = found.old.name, found.new.name
    lines = [
        f"{found.old.name} ({found.old.model_id}) -> {found.new.name} ({found.new.model_id})",
        verdict(found),
    ]
    if found.metrics:
        lines += ["", "Metrics", *_indented(diff_table(found.metrics, old, new))]
    for title, pairs in (
        ("Parameters", found.parameters),
        ("Data", found.data),
        ("Artifact", found.artifact),
    ):
        lines += _section(title, pairs, old, new)
    if found.code:
        shown = [(path, f"+{added}", f"-{removed}") for path, added, removed in found.code[:_FILES_SHOWN]]
        rest = len(found.code) - len(shown)
        lines += ["", "Code", *_indented(align([[clean(cell) for cell in row] for row in shown]))]
        lines += [f"  and {rest} files more"] if rest else []
    lines += _section("Environment", found.environment, old, new)
    if not found.locked:
        lines += ["", "Environment", "  not known: not both have a lock file such as requirements.txt"]
    if found.contract:
        marks = [
            ("breaks" if each.breaks else "", each.side, each.name, each.what) for each in found.contract
        ]
        lines += ["", "Signature", *_indented(align([[clean(cell) for cell in row] for row in marks]))]
    return lines


def verdict(found: Comparison) -> str:
    """Say in a sentence which metrics moved which way, and whether clients break."""
    counts = {way: sum(change.direction == way for change in found.metrics) for way in ("better", "worse")}
    moved = ", ".join(f"{count} {way}" for way, count in counts.items() if count)
    metrics = f"metrics: {moved}" if moved else "no metric moved"
    if found.breaks is None:
        return f"{metrics}; whether clients break is not known: {clean(found.unknown or 'it was not asked')}"
    return f"{metrics}; {'CLIENTS BREAK, see Signature' if found.breaks else 'clients go on working'}"


def _section(title: str, pairs: Sequence[Pair], old: str, new: str) -> list[str]:
    if not pairs:
        return []
    rows = [("", old, new), *((clean(each.name), _cell(each.old), _cell(each.new)) for each in pairs)]
    return ["", title, *_indented(align(rows))]


def _cell(value: str | None) -> str:
    return "-" if value is None else clean(value)


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def comparison_document(found: Comparison) -> dict[str, Any]:
    """Return the comparison for JSON."""
    return {
        "old": found.old.name,
        "new": found.new.name,
        "clients_break": found.breaks,
        "metrics": diff_document(found.metrics),
        **{
            name: [vars(pair) for pair in getattr(found, name)]
            for name in ("parameters", "data", "artifact", "environment")
        },
        "environment_known": found.locked,
        "code": [{"path": path, "added": added, "removed": removed} for path, added, removed in found.code],
        "signature": None if found.contract is None else [vars(change) for change in found.contract],
    }
