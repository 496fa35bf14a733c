"""Compare two versions, packaged where their signatures are asked for."""

from collections.abc import Callable, Sequence

from gitmodel.errors import GitmodelError, UsageError
from gitmodel.git.repository import Repository
from gitmodel.registry.registry import Registry
from gitmodel.registry.versions import Version
from gitmodel.reports.compare import Comparison, compare
from gitmodel.reports.contract import compare_contracts

Say = Callable[[str], None]


def two_versions(repo: Repository, refs: Sequence[str]) -> tuple[Version, Version]:
    """Return the versions to compare, the earlier one first where only one or none is named.

    Raises:
        UsageError: If more than two are named, there is no such version, or none before it.
    """
    registry = Registry(repo)
    if len(refs) > 2:  # noqa: PLR2004 - a pair
        raise UsageError(f"expected two versions, found {len(refs)}", hint="see the examples in --help")
    if len(refs) == 2:  # noqa: PLR2004
        return registry.version(refs[0]), registry.version(refs[1])
    new = registry.version(refs[0]) if refs else _latest(registry)
    numbers = [version.version for version in registry.versions(new.model)]
    earlier = numbers[numbers.index(new.version) + 1 :]
    if not earlier:
        raise UsageError(f"there is no version before {new.name}", hint="name two versions")
    return registry.version(f"{new.model}:{earlier[0]}"), new


def _latest(registry: Registry) -> Version:
    models = [latest.model for latest in registry.latest()]
    if len(models) != 1:
        raise UsageError("which versions?", hint="name two, such as credit-risk:3 credit-risk:4")
    return registry.version(models[0])


def compare_versions(
    repo: Repository, old: Version, new: Version, say: Say, *, signature: bool = True
) -> Comparison:
    """Compare two versions; one that cannot be packaged is compared by what git knows.

    Args:
        repo: Where they are.
        old: The one before.
        new: The one after.
        say: Told what takes long.
        signature: Compare also what they take and answer.
    """
    if not signature:
        return compare(repo, old, new)
    from gitmodel.delivery.release import package_version

    contracts = []
    for version in (old, new):
        try:
            say(f"[package] {version.name}")
            found = package_version(repo, version).signature
            contracts.append((found.input, found.output))
        except GitmodelError as error:
            return compare(repo, old, new, unknown=f"{version.name}: {error.message}")
    return compare(repo, old, new, compare_contracts(contracts[0], contracts[1]))
