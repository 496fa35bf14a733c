"""A version of a model, and the text of the tag that holds it.

The round trip law: ``parse_version`` of a tag whose message is ``format_version(facts)`` gives those facts.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gitmodel.errors import InvalidFile
from gitmodel.git.tags import Tag
from gitmodel.git.trailers import Message, format_message, parse_message
from gitmodel.git.values import Oid
from gitmodel.metrics.values import Metrics, read_metrics
from gitmodel.registry.names import split_tag


class ArtifactRef(NamedTuple):
    """The file that holds the trained model: path from the top of the repository, digests, bytes."""

    path: str
    md5: str | None = None
    sha256: str | None = None
    size: int | None = None


class DataRef(NamedTuple):
    """One data file or folder that the version was trained or tested on."""

    md5: str | None = None
    rows: int | None = None
    size: int | None = None


class RunRef(NamedTuple):
    """The training: the commit whose tree was trained, and the digest of what went in and came out."""

    commit: str
    digest: str


@dataclass(frozen=True)
class Facts:
    """What the message of a version's tag says."""

    subject: str
    body: str = ""
    encoding: str | None = None
    algo: str | None = None
    metrics: Metrics = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    artifact: ArtifactRef | None = None
    data: dict[str, DataRef] = field(default_factory=dict)
    run: RunRef | None = None


@dataclass(frozen=True)
class Version:
    """A version of a model: the name of its tag, where it points, what it says."""

    model: str
    version: str
    tag: str
    object: Oid
    commit: Oid
    date: str
    tagger: str
    facts: Facts

    @property
    def model_id(self) -> str:
        """The id that people see: the abbreviated id of the tag object."""
        return self.object.short

    @property
    def source(self) -> str:
        """The commit whose tree was trained; that of the tag where it names no run."""
        return self.facts.run.commit if self.facts.run else self.commit

    @property
    def name(self) -> str:
        """How the command line names it: ``credit-risk:4``."""
        return f"{self.model}:{self.version}"


def format_version(model: str, version: str, facts: Facts) -> str:
    """Write the message of the tag of a version."""
    from gitmodel.metrics.records import canonical_json

    artifact = facts.artifact
    values: dict[str, Any] = {
        "Model-Name": model,
        "Model-Version": version,
        "Content-Encoding": facts.encoding,
        "Algo": facts.algo,
        "Metrics": facts.metrics or None,
        "Parameters": facts.parameters or None,
        "Artifact": _present(artifact) if artifact else None,
        "Data": {path: _present(ref) for path, ref in facts.data.items()} or None,
        "Run": f"{facts.run.commit} {facts.run.digest}" if facts.run else None,
    }
    trailers = {
        key: value if isinstance(value, str) else canonical_json(value)
        for key, value in values.items()
        if value is not None
    }
    return format_message(Message(facts.subject, facts.body, trailers))


def _present(ref: ArtifactRef | DataRef) -> dict[str, Any]:
    return {key: value for key, value in ref._asdict().items() if value is not None}


def parse_facts(parts: Message) -> Facts:
    """Read the message of a tag; one that a person wrote without trailers has a subject and a body only.

    Raises:
        InvalidFile: If a trailer is not what it must be.
    """
    import json

    trailers = parts.trailers
    key = "message"
    try:
        key = "Metrics"
        metrics = read_metrics(json.loads(trailers[key]), "Metrics") if key in trailers else {}
        key = "Parameters"
        parameters = dict(json.loads(trailers.get(key, "{}")))
        key = "Artifact"
        artifact = ArtifactRef(**_known(ArtifactRef, json.loads(trailers[key]))) if key in trailers else None
        key = "Data"
        data = {
            path: DataRef(**_known(DataRef, ref)) for path, ref in json.loads(trailers.get(key, "{}")).items()
        }
        key = "Run"
        run = RunRef(*trailers[key].split()) if key in trailers else None
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidFile(f"the trailer {key} is not valid: {trailers.get(key, '')[:120]!r}") from error
    return Facts(
        parts.subject,
        parts.body,
        trailers.get("Content-Encoding"),
        trailers.get("Algo"),
        metrics,
        parameters,
        artifact,
        data,
        run,
    )


def _known(kind: type[ArtifactRef | DataRef], document: dict[str, Any]) -> dict[str, Any]:
    """Drop what a later release may have added."""
    return {key: value for key, value in document.items() if key in kind._fields}


def parse_version(tag: Tag, *, headings: bool = False) -> Version | None:
    """Read the version that a tag holds; ``None``: the tag is about something else.

    Args:
        tag: The tag with its message.
        headings: Read of its facts only subject and body, which is several times faster.

    Raises:
        InvalidFile: If the message contradicts the name, or a trailer is broken.
    """
    parts = split_tag(tag.name)
    if parts is None:
        return None
    if tag.damage:
        raise InvalidFile(f"the tag {tag.name} cannot be read: {tag.damage}", hint="see `git fsck`")
    if headings and (plain := _plain_headings(tag.message, *parts)):
        return Version(*parts, tag.name, tag.object, tag.target, tag.date, tag.tagger, plain)
    message = parse_message(tag.message) if tag.annotated else Message("")
    for key, expected in (("Model-Name", parts[0]), ("Model-Version", parts[1])):
        found = message.trailers.get(key, expected)
        if found != expected:
            raise InvalidFile(f"tag {tag.name} says {key}: {found}, expected {expected}")
    facts = Facts(message.subject, message.body) if headings else parse_facts(message)
    return Version(*parts, tag.name, tag.object, tag.target, tag.date, tag.tagger, facts)


def _plain_headings(message: str, model: str, version: str) -> Facts | None:
    """Return subject and body where the last paragraph begins as `format_version` writes it."""
    start, found, rest = message.partition(f"\n\nModel-Name: {model}\nModel-Version: {version}\n")
    if not found or "\n\n" in rest:
        return None
    subject, _, body = start.partition("\n")
    return Facts(subject, body.strip("\n"))
