"""The training of a version as OpenLineage events, for catalogues that read them.

Of the run and of each of its stages there is one ``RunEvent`` that says it is complete; the stages name the
run as their parent. The same version gives the same events, wherever and whenever they are written: ids are
UUIDs of version 5, made from what git names. See https://openlineage.io/docs/spec/object-model.
"""

import json
import posixpath
import re
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from gitmodel.errors import GitmodelError
from gitmodel.git.objects import read_file
from gitmodel.git.repository import Repository
from gitmodel.git.tracking import default_remote
from gitmodel.registry.versions import Version
from gitmodel.reports.lineage import File, Lineage, Stage
from gitmodel.reports.stages import without_credentials
from gitmodel.reports.words import flatten

_SPEC = "https://openlineage.io/spec"
_EVENT_SCHEMA = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
_PRODUCER = "urn:gitmodel"
_FACETS = {
    "parent": "1-0-1/ParentRunFacet",
    "documentation": "1-0-1/DocumentationJobFacet",
    "sourceCodeLocation": "1-0-1/SourceCodeLocationJobFacet",
    "jobType": "2-0-3/JobTypeJobFacet",
    "dataSource": "1-0-1/DatasourceDatasetFacet",
    "schema": "1-2-0/SchemaDatasetFacet",
    "version": "1-0-1/DatasetVersionDatasetFacet",
    "inputStatistics": "1-0-0/InputStatisticsInputDatasetFacet",
    "outputStatistics": "1-0-2/OutputStatisticsOutputDatasetFacet",
}
_SCP_LIKE = re.compile(r"(?:[^@/:]+@)?(?P<host>[^/:]+):(?P<path>(?!//).+)\Z")


def namespace_of(repo: Repository) -> str:
    """Return the URI that names a repository in events: the remote's, without credentials, or its folder."""
    name = default_remote(repo)
    url = repo.config(f"remote.{name}.url") if name else None
    if url is None or url.startswith(("/", ".")):
        return f"file://{quote(str((repo.workdir / (url or '')).resolve()))}"
    if "://" in url:
        return _uri(without_credentials(url))
    scp = _SCP_LIKE.match(url)
    return f"ssh://{scp['host']}/{quote(scp['path'].lstrip('/'))}" if scp else f"file://{quote(url)}"


def declared_fields(repo: Repository, version: Version) -> list[dict[str, str]]:
    """Return the columns of the data as the model's own signature declares them; none where it does not."""
    from gitmodel.spec.loading import load_model

    with suppress(GitmodelError, ValueError, AttributeError):
        spec = load_model(repo, version.commit, version.model)
        if spec.signature and spec.signature.input:
            text = read_file(repo, version.commit, spec.path(spec.signature.input))
            columns = json.loads(text or b"{}").get("properties", {})
            target = [{"name": spec.data.target}] if spec.data and spec.data.target else []
            return [*(_field(name, column) for name, column in columns.items()), *target]
    return []


def _field(name: str, column: dict[str, Any]) -> dict[str, str]:
    kind, told = column.get("type"), column.get("description")
    types = "|".join(map(str, kind)) if isinstance(kind, list) else kind
    return (
        {"name": name}
        | ({"type": str(types)} if types else {})
        | ({"description": str(told)} if told else {})
    )


def event_lines(lineage: Lineage, namespace: str, fields: Sequence[dict[str, str]] = ()) -> Iterator[str]:
    """Yield the events of a version's training, each one line of JSON in ASCII."""
    for event in events(lineage, namespace, fields):
        yield json.dumps(event, sort_keys=True)


def events(
    lineage: Lineage, namespace: str, fields: Sequence[dict[str, str]] = ()
) -> Iterator[dict[str, Any]]:
    """Yield the event of the run, then those of its stages.

    Args:
        lineage: What is known of the version.
        namespace: URI of the repository.
        fields: Columns of the data, where they are declared.
    """
    writer = _Writer(lineage, namespace, fields)
    yield writer.run()
    for stage in lineage.stages:
        yield writer.stage(stage)


class _Writer:
    def __init__(self, lineage: Lineage, namespace: str, fields: Sequence[dict[str, str]]) -> None:
        self.fields = list(fields)
        self.lineage = lineage
        self.namespace = namespace
        self.files = {file.path: file for file in lineage.files}
        version = lineage.version
        # What git names, and no clone's address: every copy gives the same id.
        self.key = f"gitmodel:{version.model}:{version.commit}:{lineage.training.digest or ''}"

    def run(self) -> dict[str, Any]:
        """Return the event of the whole run."""
        lineage, version = self.lineage, self.lineage.version
        made = {path for stage in lineage.stages for path in stage.outputs}
        read = {path for stage in lineage.stages for path in stage.inputs}
        given = sorted((read | set(version.facts.data)) - made)
        artifact = version.facts.artifact
        left = sorted(made | ({str(artifact.path)} if artifact else set()))
        comment = "\n\n".join(filter(None, [version.facts.subject, version.facts.body]))
        parameters = ", ".join(
            f"{name}={json.dumps(value)}" for name, value in flatten(version.facts.parameters)
        )
        told = "\n\n".join(filter(None, [comment, f"Parameters: {parameters}" if parameters else ""]))
        return self._event(self.key, version.model, "TRAINING", told, {}, given, left)

    def stage(self, stage: Stage) -> dict[str, Any]:
        """Return the event of a stage."""
        parent = {
            "run": {"runId": _uuid(self.key)},
            "job": {"namespace": self.namespace, "name": self.lineage.version.model},
        }
        name = f"{self.lineage.version.model}/{stage.name}"
        facets = {"parent": _facet("parent", parent)}
        key = f"{self.key}:{stage.name}"
        return self._event(key, name, "STAGE", stage.command, facets, stage.inputs, stage.outputs)

    def _event(  # noqa: PLR0917 - the parts of an event
        self,
        key: str,
        job: str,
        kind: str,
        told: str,
        run_facets: dict[str, Any],
        inputs: Sequence[str],
        outputs: Sequence[str],
    ) -> dict[str, Any]:
        job_facets = {
            "jobType": _facet(
                "jobType", {"processingType": "BATCH", "integration": "GITMODEL", "jobType": kind}
            ),
            "sourceCodeLocation": _facet("sourceCodeLocation", self._location()),
        }
        if told:
            job_facets["documentation"] = _facet("documentation", {"description": told})
        return {
            "eventType": "COMPLETE",
            "eventTime": self._moment(),
            "producer": _PRODUCER,
            "schemaURL": _EVENT_SCHEMA,
            "run": {"runId": _uuid(key), "facets": run_facets},
            "job": {"namespace": self.namespace, "name": job, "facets": job_facets},
            "inputs": [self._dataset(path, "input") for path in inputs],
            "outputs": [self._dataset(path, "output") for path in outputs],
        }

    def _moment(self) -> str:
        """Return when the result was recorded, else when the tag was made."""
        for told in (self.lineage.training.at, self.lineage.version.date):
            with suppress(ValueError):
                moment = datetime.fromisoformat((told or "").replace(" +", "+").replace(" -", "-"))
                return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return "1970-01-01T00:00:00Z"  # a tag on something that has no date

    def _location(self) -> dict[str, str]:
        version, source = self.lineage.version, self.lineage.training.source
        artifact = version.facts.artifact
        known = {
            "type": "git",
            "url": self.namespace,
            "repoUrl": self.namespace,
            "path": posixpath.dirname(str(artifact.path)) if artifact else "",
            "version": source or version.commit,
            "tag": version.tag,
        }
        return {key: value for key, value in known.items() if value}

    def _dataset(self, path: str, role: str) -> dict[str, Any]:
        file = self.files.get(path) or File(path, "unknown")
        namespace, name = self.namespace, path
        if "://" in path:  # such as s3://bucket/key: the naming of OpenLineage is by store, then by key
            scheme, _, rest = without_credentials(path).partition("://")
            host, _, name = rest.partition("/")
            namespace = _uri(f"{scheme}://{host}")
        source = file.source or namespace
        uri = _uri(source.split(" ")[0]) if "://" in source else namespace
        facets = {"dataSource": _facet("dataSource", {"name": source, "uri": uri})}
        if file.md5:
            facets["version"] = _facet("version", {"datasetVersion": f"md5:{file.md5}"})
        if self.fields and file.kind == "data":
            facets["schema"] = _facet("schema", {"fields": self.fields})
        statistics = {"rowCount": file.rows, "size": file.size}
        counted = {key: value for key, value in statistics.items() if isinstance(value, int)}
        counts = {f"{role}Statistics": _facet(f"{role}Statistics", counted)} if counted else {}
        return {"namespace": namespace, "name": name or "/", "facets": facets, f"{role}Facets": counts}


def _facet(name: str, values: dict[str, Any]) -> dict[str, Any]:
    place = _FACETS[name]
    return {
        "_producer": _PRODUCER,
        "_schemaURL": f"{_SPEC}/facets/{place}.json#/$defs/{place.partition('/')[2]}",
        **values,
    }


def _uri(text: str) -> str:
    """Return an address as a URI, whatever somebody has put into it; its scheme is a word."""
    scheme, _, rest = text.partition("://")
    plain = re.sub(r"[^a-z0-9+.-]|^[^a-z]+", "", scheme.lower()) or "unknown"
    return f"{plain}://{quote(rest, safe='/:@%[]?=&+,;~', errors='replace')}"


def _uuid(key: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, key.encode("utf-8", "backslashreplace").decode()))
