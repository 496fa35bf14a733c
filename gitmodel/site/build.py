"""Build the site: gather, turn into documents, write what has changed."""

import html
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmodel.delivery.locks import environment_lock
from gitmodel.git.repository import Repository
from gitmodel.site import folder
from gitmodel.site.apis import read_apis
from gitmodel.site.documents import (
    CHUNK,
    details_document,
    index_document,
    model_document,
    versions_document,
)
from gitmodel.site.folder import script
from gitmodel.site.gathering import Gathered, Model, gather
from gitmodel.site.lineages import read_stages
from gitmodel.site.parts import read_parts

if TYPE_CHECKING:
    from gitmodel.metrics.records import Record

Say = Callable[[str], None]
ASSETS = Path(__file__).with_name("assets")
# Connections are for the form that asks a running service, and begin only when a person sends it.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; frame-src 'self'; "
    "connect-src http: https:; base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True)
class Summary:
    """What was built: counts, the seconds it took, and the tags that could not be read."""

    folder: str
    models: int
    versions: int
    files: int
    written: int
    removed: int
    bytes: int
    seconds: float
    unreadable: tuple[str, ...] = ()


def build_site(repo: Repository, target: Path, say: Say) -> Summary:
    """Write the site of a repository into a folder; what is there already is left as it is.

    Builds of one repository wait for each other.

    Args:
        repo: The repository.
        target: The folder; made where it is not there.
        say: Told what takes long.

    Raises:
        UsageError: If the folder holds files of others.
    """
    begun = time.perf_counter()
    with environment_lock(repo.state / "site.lock", "another build of the site", say):
        gathered = gather(repo, say)
        files = {**dict(_assets(repo)), **_pages(repo, gathered, say)}
        say(f"[site] write {len(files)} files")
        written = folder.write(target, files)
    return Summary(
        str(target),
        len(gathered.models),
        sum(len(model.versions) for model in gathered.models.values()),
        written.files,
        written.written,
        written.removed,
        written.size,
        round(time.perf_counter() - begun, 3),
        tuple(each.tag for each in gathered.broken),
    )


def summary_document(summary: Summary) -> dict[str, Any]:
    """Return the summary for JSON."""
    return asdict(summary)


def _assets(repo: Repository) -> Iterator[tuple[str, bytes]]:
    scripts = sorted(file.name for file in ASSETS.glob("*.js"))
    name = (repo.root or repo.git_dir).name.removesuffix(".git")
    page = (ASSETS / "index.html").read_text("utf-8")
    # What begins first makes what the others use.
    tags = "\n".join(f'<script src="assets/{each}" defer></script>' for each in _in_order(scripts))
    filled = page.replace("{policy}", html.escape(_POLICY)).replace("{scripts}", tags)
    yield "index.html", filled.replace("{name}", html.escape(name)).encode()
    for each in [*scripts, "site.css"]:
        yield f"assets/{each}", (ASSETS / each).read_bytes()


def _in_order(scripts: list[str]) -> list[str]:
    return ["core.js", *(each for each in scripts if each not in ("core.js", "start.js")), "start.js"]


def _pages(repo: Repository, gathered: Gathered, say: Say) -> dict[str, bytes]:
    models = list(gathered.models.values())
    keys = [folder.key_of(model.name) for model in models]
    index = index_document(zip(keys, models, strict=True), gathered.environments)
    say("[site] read pipelines")
    versions = {version.tag: version for model in models for version in model.versions}
    more = read_stages(repo, [*versions.values()])
    for tag, api in read_apis(repo, versions).items():
        more[tag] = {**more.get(tag, {}), "api": api}
    parts = read_parts(repo, models, say)
    for tag, kinds in parts.by_tag.items():
        more[tag] = {**more.get(tag, {}), **kinds}
    files = {
        **parts.files,
        "data/index.js": script("index", index),
        "data/versions.js": script("versions", versions_document(models, index["metrics"])),
    }
    for key, model in zip(keys, models, strict=True):
        files[f"data/m/{key}.js"] = script(f"m/{key}", model_document(model))
        for number, document in _details(model, more):
            files[f"data/v/{key}/{number}.js"] = script(f"v/{key}/{number}", document)
    return files


def _details(model: Model, more: dict[str, dict[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the details of versions, so many together; a new version changes the last of these only."""
    records: dict[str | None, list[Record]] = {}
    for record in model.records:
        records.setdefault(record.version, []).append(record)
    oldest_first = model.versions[::-1]
    for at in range(0, len(oldest_first), CHUNK):
        some = oldest_first[at : at + CHUNK]
        yield (
            at // CHUNK,
            {
                version.version: details_document(
                    version, records.get(version.version, []), more.get(version.tag, {})
                )
                for version in some
            },
        )
