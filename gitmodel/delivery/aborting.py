"""End what is underway in an environment: the old versions get all requests again."""

from collections.abc import Callable

from gitmodel.delivery import runtimes, wishes
from gitmodel.delivery.deploy import find_target
from gitmodel.delivery.rollout import tell, turn
from gitmodel.delivery.strategy import look_at
from gitmodel.git.repository import Repository
from gitmodel.registry.desired import read_desired


def abort(repo: Repository, env: str, *, sink: Callable[[str], None]) -> list[str]:
    """Put back each canary or shadow of an environment; whoever waits for one is told to do so.

    Args:
        repo: The repository.
        env: Name of the environment.
        sink: Told each step, in a line.

    Returns:
        The models of which something was ended here.

    Raises:
        UsageError: If there is no such environment here.
        ToolFailed: If something cannot be put back.
    """
    target = find_target(repo, env)
    used = runtimes.runtime(target.runtime)
    ended = []
    with turn(target, f"the end of what is underway in {env}", sink, wish=wishes.ABORT):
        for model in sorted(read_desired(repo, env)):
            look = look_at(used, target, model)
            if look.new is None:
                continue
            sink(f"{model}: the {look.kind} of v{look.new.version} is put back from {look.percent} %")
            used.act(target, model, "abort", sink=lambda task: sink(tell(task)))
            sink(
                f"    hint: the branch still names v{look.new.version}, which the next deployment tries; "
                f"`gitmodel rollback {model} {env}` names the version before"
            )
            ended.append(model)
    return ended
