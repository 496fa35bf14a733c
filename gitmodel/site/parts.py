"""The parts of a version's page that take long to make: plots, executed notebooks, the model card.

They are made of versions whose files are on this machine, once, and kept in the state folder: a build that
was ended goes on from there.
"""

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gitmodel import __version__
from gitmodel.errors import GitmodelError
from gitmodel.git.repository import Repository
from gitmodel.registry.versions import Version
from gitmodel.site.gathering import Model
from gitmodel.spec import load_model
from gitmodel.training.storage import cache_dir

Say = Callable[[str], None]
# A title, the ending of a file, and what is in it.
Made = list[tuple[str, str, bytes]]
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif"}
_KINDS = ("plots", "notebooks", "card")


@dataclass(frozen=True)
class Parts:
    """What was made: by tag, lists of ``[title, file]`` by kind; and the files, by path in the site."""

    by_tag: dict[str, dict[str, list[list[str]]]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


def read_parts(repo: Repository, models: Sequence[Model], say: Say) -> Parts:
    """Make the parts of all versions that have files here, or take what was made before.

    What cannot be made is told and left out; the next build tries again.

    Args:
        repo: The repository.
        models: What was gathered.
        say: Told what takes long.
    """
    store = _Store(repo.state / "site-parts")
    found = Parts()
    here = set(_cached(cache_dir(repo) / "files" / "md5"))
    for model in models:
        for version in model.versions:
            if not here.isdisjoint(_digests(version)):
                for kind in _KINDS:
                    named = _named(repo, model, version, kind)
                    made = store.get(*named, lambda: say(f"[site] {version.name}: {kind}"), say)  # noqa: B023
                    _add(found, version.tag, kind, made)
    store.drop_others()
    return found


def _cached(cache: Path) -> Iterator[str]:
    """Yield the MD5 of each file that DVC's cache holds."""
    for folder in cache.glob("[0-9a-f][0-9a-f]"):
        yield from (f"{folder.name}{file.name}" for file in folder.iterdir())


def _digests(version: Version) -> Iterator[Any]:
    """Yield the MD5 of artifact and data; a tag may say anything."""
    facts = version.facts
    yield from (ref.md5 for ref in facts.data.values() if isinstance(ref.md5, str))
    if facts.artifact and isinstance(facts.artifact.md5, str):
        yield facts.artifact.md5


def _add(found: Parts, tag: str, kind: str, made: Made) -> None:
    for title, ending, data in made:
        path = f"files/{hashlib.sha256(data).hexdigest()[:24]}.{ending}"
        found.files[path] = data
        found.by_tag.setdefault(tag, {}).setdefault(kind, []).append([title, path])


def _named(repo: Repository, model: Model, version: Version, kind: str) -> tuple[str, Callable[[], Made]]:
    """Return what a part follows from, as a digest, and how it is made."""
    facts: list[Any] = [1, __version__, kind, version.tag, version.object, version.commit]
    if kind == "plots":
        return _digest(facts), lambda: [*_plots(repo, version)]
    if kind == "notebooks":
        return _digest(facts), lambda: [*_notebooks(repo, version)]
    number = version.version
    facts += [[asdict(each) for each in model.records if each.version == number]]
    facts += [[asdict(each) for each in model.outcomes if each.version == number]]
    facts += [[[env, each.commit] for env, each in model.changes if number in (each.version, each.previous)]]
    return _digest(facts), lambda: _card(repo, version)


def _digest(facts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()


def _plots(repo: Repository, version: Version) -> Iterator[tuple[str, str, bytes]]:
    from gitmodel.reports.plots import draw_plots, pictures, version_side
    from gitmodel.reports.plots.safety import check_svg

    plots = draw_plots(repo, [version_side(repo, version)])
    drawn = pictures(plots)
    for plot in plots:
        picture = drawn.get(plot.name)
        if isinstance(picture, bytes):
            yield plot.title or plot.name, "svg", picture
        for image in plot.images:
            if image.kind in _ENDINGS:
                yield plot.title or plot.name, _ENDINGS[image.kind], image.content
            else:  # it could be opened alone, and act then
                with suppress(GitmodelError, ValueError):
                    check_svg(image.content.decode())
                    yield plot.title or plot.name, "svg", image.content


def _notebooks(repo: Repository, version: Version) -> Iterator[tuple[str, str, bytes]]:
    from gitmodel.notebooks.html import notebook_html
    from gitmodel.training.fetching import fetch_file
    from gitmodel.training.lock import executed_notebooks

    spec = load_model(repo, version.commit, version.model)
    for path in executed_notebooks(repo, spec, version.commit):
        with suppress(GitmodelError):  # it is not on this machine, or is none
            content = fetch_file(repo, version.commit, path, pull=False).read_bytes()
            yield path, "html", notebook_html(content, title=path).encode("utf-8", "replace")


def _card(repo: Repository, version: Version) -> Made:
    from gitmodel.reports.card import read_card, write_card

    text = write_card(read_card(repo, version), "html")
    return [(f"Model card of {version.name}", "html", text.encode("utf-8", "replace"))]


class _Store:
    """What was made, a file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._used: set[str] = set()

    def get(self, key: str, make: Callable[[], Made], begin: Callable[[], None], say: Say) -> Made:
        """Return what was made under a key, made now where it was not; nothing where that fails."""
        self._used.add(f"{key}.json")
        file = self._folder / f"{key}.json"
        try:
            return [
                (title, end, base64.b64decode(data)) for title, end, data in json.loads(file.read_bytes())
            ]
        except (OSError, ValueError):
            begin()
        try:
            made = make()
        except GitmodelError as error:
            say(f"[site] left out: {error.message}")
            return []
        self._folder.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}")
        text = json.dumps([(title, end, base64.b64encode(data).decode()) for title, end, data in made])
        part.write_text(text, "ascii")
        part.replace(file)
        return made

    def drop_others(self) -> None:
        """Forget what nothing has asked for."""
        for file in self._folder.glob("*"):
            if file.name not in self._used:
                file.unlink(missing_ok=True)
