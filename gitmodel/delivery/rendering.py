"""What a cluster is told of an environment, as text, for people and for other tools of GitOps."""

from gitmodel.delivery.deploy import find_target
from gitmodel.delivery.release import package_version, release_of
from gitmodel.delivery.runtimes.manifests import all_manifests
from gitmodel.delivery.runtimes.names import cluster_of
from gitmodel.delivery.runtimes.pods import Manifest
from gitmodel.errors import UsageError
from gitmodel.git.repository import Repository
from gitmodel.registry.desired import read_desired
from gitmodel.registry.environments import env_tip
from gitmodel.registry.registry import Registry
from gitmodel.spec.kubernetes import model_name


def render(repo: Repository, env: str, model: str = "") -> dict[str, list[Manifest]]:
    """Return the objects of each model that should run in an environment of a cluster, by file name.

    Args:
        repo: The repository.
        env: Name of the environment; its runtime is `kubernetes`.
        model: Only this one; "": all.

    Raises:
        UsageError: If there is no such environment, it is no cluster, or nothing should run there.
        InvalidFile: If a version cannot be packaged.
        ToolFailed: If something cannot be fetched.
    """
    target = find_target(repo, env)
    cluster_of(target)
    tip = env_tip(repo, env)
    should = read_desired(repo, env, tip).values() if tip else ()
    wanted = [each for each in should if each.version and model in ("", each.model)]
    if not wanted:
        what = model or "no model"
        raise UsageError(
            f"{what} should {'not ' if model else ''}run in {env}", hint="`gitmodel promote` says what should"
        )
    registry = Registry(repo)
    found = {}
    for desired in wanted:
        version = registry.version(desired.tag or f"{desired.model}:{desired.version}")
        release = release_of(package_version(repo, version))
        found[f"{model_name(desired.model)}.yaml"] = all_manifests(target, release)
    return found
