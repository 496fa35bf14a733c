"""Aliases of MLflow, and the stages of its older releases, as environments; their past is not kept there."""

import time
from collections.abc import Callable, Sequence

from gitmodel.errors import UsageError
from gitmodel.exchange.changes import Change, environment_name, write_changes
from gitmodel.exchange.marks import format_mark, marked_versions
from gitmodel.exchange.mlflow_import import REGISTRY, mark_of
from gitmodel.exchange.mlflow_store import Store, StoredModel, StoredVersion
from gitmodel.exchange.naming import choose
from gitmodel.git.repository import Repository
from gitmodel.registry.desired import read_desired
from gitmodel.registry.environments import check_environment, env_tip
from gitmodel.registry.registry import Registry

Say = Callable[[str], None]
# Stages that are no place where a model runs.
_NOWHERE = ("None", "Archived")


def import_aliases(repo: Repository, store: Store, wanted: Sequence[str], *, say: Say) -> list[str]:
    """Let each environment that an alias is named after run the version that it points to.

    Args:
        repo: Where to; the versions are there already.
        store: Where from.
        wanted: As in `import_mlflow`.
        say: Told each change.

    Returns:
        Why aliases are left out.
    """
    models = {model.name: model for model in store.models()}
    versions = store.versions()
    changes: dict[str, list[Change]] = {}
    skipped = []
    for theirs, ours in choose(models, wanted).names.items():
        for alias, number in _aliases(models[theirs], versions.get(theirs, ())).items():
            env = environment_name(alias)
            version = next((one for one in versions.get(theirs, ()) if one.number == number), None)
            try:
                check_environment(env)
                change = _change(repo, ours, env, alias, version)
            except UsageError as error:
                skipped.append(f"the alias {alias!r} of {theirs!r}: {error.message}")
                continue
            if change:
                changes.setdefault(env, []).append(change)
    for env, found in changes.items():
        written = write_changes(repo, env, found)
        skipped += written.skipped
        for subject in written.subjects:
            say(f"[import] {env}: {subject}")
    return skipped


def _aliases(model: StoredModel, versions: Sequence[StoredVersion]) -> dict[str, int]:
    """Return the numbers of versions by alias; of a stage the newest one counts, an alias before a stage."""
    stages = {version.stage: version.number for version in versions if version.stage not in _NOWHERE}
    aliases = {alias.lower() for alias in model.aliases}
    return model.aliases | {stage: number for stage, number in stages.items() if stage.lower() not in aliases}


def _change(
    repo: Repository, model: str, env: str, alias: str, version: StoredVersion | None
) -> Change | None:
    """Return what an alias asks for; ``None`` where it is so already.

    Raises:
        UsageError: If the version that it points to did not come in.
    """
    tag = marked_versions(repo, model).get(format_mark(mark_of(version))) if version else None
    if tag is None or version is None:
        raise UsageError("the version that it points to is not here")
    ours = Registry(repo).version(tag)
    before = read_desired(repo, env).get(model)
    if before and before.object == ours.object:
        return None
    who = repo.identity()
    # An alias comes back to where it was: what was there before tells the one time from the other.
    mark = {"registry": REGISTRY, "model": version.model, "alias": alias, "after": env_tip(repo, env)}
    by = f"{who['GIT_AUTHOR_NAME']} <{who['GIT_AUTHOR_EMAIL']}>"
    return Change(model, ours, int(time.time()), by, f"{alias} in MLflow", mark)
