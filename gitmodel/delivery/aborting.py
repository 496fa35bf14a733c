"""End what is underway in an environment: the old versions get all requests again."""

from collections.abc import Callable

from gitmodel.delivery import runtimes, wishes
from gitmodel.delivery.deploy import find_target
from gitmodel.delivery.failing import settle
from gitmodel.delivery.inventories import at_hosts
from gitmodel.delivery.journal import Entry, journal_of
from gitmodel.delivery.rollout import tell, turn
from gitmodel.delivery.runtimes.states import serving_version
from gitmodel.delivery.strategy import look_at
from gitmodel.git.repository import Repository
from gitmodel.registry.desired import read_desired
from gitmodel.registry.environments import env_tip

_WHY = "it was told to stop"


def abort(repo: Repository, env: str, *, by: str, sink: Callable[[str], None]) -> list[str]:
    """Put back each canary or shadow of an environment; whoever waits for one is told to do so.

    The branch names the old version again, with a hold, or the next deployment would begin anew.

    Args:
        repo: The repository.
        env: Name of the environment.
        by: Who wants so.
        sink: Told each step, in a line.

    Returns:
        The models of which something was ended here.

    Raises:
        UsageError: If there is no such environment here.
        ToolFailed: If something cannot be put back, or the remote does not answer.
    """
    target = at_hosts(repo, find_target(repo, env))
    used = runtimes.runtime(target.runtime)
    ended = []
    with turn(target, f"the end of what is underway in {env}", sink, wish=wishes.ABORT):
        tip = env_tip(repo, env)
        for model, desired in sorted(read_desired(repo, env).items()):
            look = look_at(used, target, model)
            if look.new is None or tip is None:
                continue
            sink(f"{model}: the {look.kind} of v{look.new.version} is put back from {look.percent} %")
            used.act(target, model, "abort", sink=lambda task: sink(tell(task)))
            running = serving_version(used.observe(target), model)
            entry = Entry(
                model,
                look.new.version,
                tip,
                "",
                bad=True,
                object=desired.object or "",
                running=running,
                reason=_WHY,
            )
            journal_of(repo, env).add(entry)
            ended.append(model)
    settle(repo, env, by=by, sink=sink)
    return ended
