"""What versions take and answer, from the packages that are at hand: nothing is packaged for it."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from gitmodel.errors import InvalidFile
from gitmodel.git.repository import Repository
from gitmodel.packaging.package import FACTS, open_package
from gitmodel.registry.versions import Version


def read_apis(repo: Repository, versions: Mapping[str, Version]) -> dict[str, dict[str, Any]]:
    """Return ``input`` and ``output`` (JSON Schemas) and an ``example`` of a row, by tag.

    Args:
        repo: In whose state folder packages are.
        versions: By tag; a package of another version that had this tag once does not count.
    """
    found: dict[str, dict[str, Any]] = {}
    for facts in sorted((repo.state / "packages").glob(f"*/*/{FACTS}")):
        with suppress(InvalidFile, TypeError, KeyError, IndexError):
            package = open_package(facts.parent)
            known, signature, smoke = package.version, package.signature, package.smoke
            version = versions.get(known.tag)
            if version and version.model_id == known.model_id:
                example = smoke[0]["input"] if smoke else None
                found[known.tag] = {"input": signature.input, "output": signature.output, "example": example}
    return found
