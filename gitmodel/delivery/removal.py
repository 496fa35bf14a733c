"""Models that run in an environment and should not: taken out by `withdraw`, or their file deleted."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from gitmodel.delivery.branches import Edit, Edited, edit, message
from gitmodel.delivery.runtimes import Runtime
from gitmodel.delivery.runtimes.states import HostState, set_up_version
from gitmodel.delivery.target import Target
from gitmodel.errors import Refused, UsageError
from gitmodel.git.commits import Commit, read_log
from gitmodel.git.objects import read_file
from gitmodel.git.repository import Repository
from gitmodel.git.trailers import parse_message
from gitmodel.git.values import Oid
from gitmodel.metrics.records import now
from gitmodel.registry.desired import Desired, Hold, read_desired
from gitmodel.registry.environments import file_name, version_in

_EMPTIES, _FORGETS = "Empties", "Forgets"


def withdraw(
    repo: Repository, model: str, env: str, *, reason: str, by: str, empty: bool = False, forget: bool = False
) -> Edited:
    """Let a model no longer run in an environment; a hold keeps automation from bringing it back.

    Args:
        repo: Where.
        model: Name of the model.
        env: Name of the environment.
        reason: Why.
        by: Who.
        empty: Whether it may be the last model there.
        forget: Whether its predictions and feedback go from the hosts, too.

    Raises:
        Refused: If it is the last model there, and that was not said.
        UsageError: If it should not run there anyway.
        Conflict: If others keep changing the environment.
        ToolFailed: If the remote does not answer or refuses.
    """

    def decide(before: Desired, tip: Oid | None) -> Edit:
        if before.version is None or tip is None:
            raise UsageError(f"{model} should not run in {env} anyway")
        others = [each for each in read_desired(repo, env, tip).values() if each.version]
        if len(others) == 1 and not empty:
            raise Refused(
                f"{model} is the last model in {env}", hint="say --empty where nothing is to run there"
            )
        told = {_EMPTIES: env} if len(others) == 1 else {}
        told |= {_FORGETS: model} if forget else {}
        trailers = "\n".join(f"{key}: {value}" for key, value in told.items())
        held = Desired(model, strategy=before.strategy, hold=Hold(by, now(), reason))
        return Edit(held, message(f"Withdraw {model} v{before.version}", reason, trailers))

    return edit(repo, env, model, decide)


@dataclass(frozen=True)
class Unwanted:
    """A model that is to be taken off the hosts; ``version`` is the one that is there, "-": none."""

    model: str
    version: str
    forget: bool


def unwanted(
    repo: Repository,
    env: str,
    tip: Oid,
    states: Iterable[HostState],
    wanted: Collection[str],
    *,
    empty: bool,
    sink: Callable[[str], None],
) -> list[Unwanted]:
    """Return the models to remove; those that the environment's branch never knew are somebody else's.

    Args:
        repo: The repository.
        env: Name of the environment.
        tip: The tip of its branch.
        states: What runs there.
        wanted: The models that should run.
        empty: Whether nothing may be left.
        sink: Told of models that are left alone.

    Raises:
        Refused: If nothing would be left, and nobody has said that this is meant.
    """
    known = tuple(states)
    found = []
    for model in sorted({model for state in known for model in state.models} - set(wanted)):
        commits = list(_since_it_ran(repo, tip, model))
        if not commits:
            sink(f"{model} runs in {env} and was never promoted there: it is left alone")
            continue
        told = [parse_message(commit.message).trailers for commit in commits]
        empty |= any(trailers.get(_EMPTIES) == env for trailers in told)
        forget = any(trailers.get(_FORGETS) == model for trailers in told)
        found.append(Unwanted(model, set_up_version(known, model) or "-", forget))
    if found and not wanted and not empty:
        names = ", ".join(each.model for each in found)
        raise Refused(
            f"this would stop all that runs in {env}: {names}",
            hint=f"`gitmodel deploy {env} --empty` if it is meant; "
            f"else `gitmodel promote` says what should run",
        )
    return found


def _since_it_ran(repo: Repository, tip: Oid, model: str) -> Iterator[Commit]:
    """Yield the commits that changed a model's file, newest first, since it should run no more."""
    path = file_name(model)
    for commit in read_log(repo, tip, paths=[path]):
        text = read_file(repo, commit.oid, path)
        if text and version_in(model, text):
            return
        yield commit


def take_off(target: Target, used: Runtime, each: Unwanted) -> str:
    """Remove a model from the hosts and return what was done, in words; "": nothing was there.

    Raises:
        ToolFailed: If something does not end, or a host does not answer.
    """
    return ", ".join(used.remove(target, each.model, forget=each.forget))
