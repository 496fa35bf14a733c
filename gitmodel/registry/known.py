"""The names that can be typed where a model, a version or an environment is asked for: one read of refs.

Imported at each press of the tab key, so it imports next to nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from gitmodel.git.repository import Repository
from gitmodel.registry.names import number_key, split_tag

# A ref may be named so that a shell would do something with it.
_HARMLESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/@:+-]*\Z")
_ENVIRONMENT = re.compile(r"refs/(?:heads|remotes/[^/]+)/env/(.+)\Z")


@dataclass(frozen=True)
class Known:
    """What there is, as typed: versions by model, newest first; environments; branches."""

    versions: dict[str, list[str]] = field(default_factory=dict)
    environments: list[str] = field(default_factory=list)
    branches: list[str] = field(default_factory=list)

    def version_words(self, begun: str) -> Iterator[str]:
        """Yield what names a version and begins so: numbers only once the model is chosen."""
        model, chosen, _ = begun.partition(":")
        if chosen:
            for number in self.versions.get(model, ()):
                yield f"{model}:{number}"
        for name in [model] if chosen else self.versions:
            if name in self.versions:
                yield from ([] if chosen else [name])
                yield from (f"{name}:{place}" for place in ("latest", *self.environments))


def read_known(repo: Repository) -> Known:
    """Read the names of a repository."""
    versions: dict[str, list[str]] = {}
    environments: dict[str, None] = {}
    branches: list[str] = []
    out = repo.git("for-each-ref", "--format=%(refname)", "refs/tags/", "refs/heads/", "refs/remotes/")
    for ref in filter(_HARMLESS.match, out.splitlines()):
        if ref.startswith("refs/tags/"):
            parts = split_tag(ref.removeprefix("refs/tags/"))
            if parts:
                versions.setdefault(parts[0], []).append(parts[1])
        elif found := _ENVIRONMENT.match(ref):
            environments[found[1]] = None
        else:
            branches.append(ref.split("/", 2)[2])
    environments |= dict.fromkeys(_defined(repo))
    newest_first = {
        model: sorted(numbers, key=number_key, reverse=True) for model, numbers in versions.items()
    }
    return Known(dict(sorted(newest_first.items())), sorted(environments), branches)


def _defined(repo: Repository) -> Iterator[str]:
    """Yield the environments that have a file, on disk or beside the repository; nothing of it is read."""
    for folder in (repo.state, *([repo.root] if repo.root else [])):
        for file in (folder / "environments").glob("*.yaml"):
            if "." not in file.stem and _HARMLESS.match(file.stem):
                yield file.stem
