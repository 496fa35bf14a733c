"""Carry out a canary or a shadow: step by step, each held, looked at, judged; on, or back.

All state is on the hosts: a rollout that was killed, or not waited for, is continued by the next one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NoReturn, Protocol

from gitmodel.delivery import wishes
from gitmodel.delivery.analysis import Judgement, judge
from gitmodel.delivery.ansible.module_utils.gitmodel_layout import Program
from gitmodel.delivery.playbook import Task
from gitmodel.delivery.steps import Look, StepOutcome, parse_looks, tell_step
from gitmodel.delivery.target import Release, Target
from gitmodel.errors import GitmodelError, Refused
from gitmodel.spec.durations import format_duration
from gitmodel.spec.environment import StrategySpec

# A step of which too little was seen is held up to so many times as long.
PATIENCE = 3
_LOOKS = 5  # during a hold, so that what is plainly bad ends early
_BETWEEN_LOOKS = 10.0  # seconds at least
_WHOLE = 100


class Stepping(Protocol):
    """What a strategy needs of a runtime."""

    def step(
        self, target: Target, release: Release, share: Mapping[str, Any], *, sink: Callable[[Task], None]
    ) -> tuple[Task, ...]:
        """Start a release beside the old one, unless it runs, and give it its share of the requests.

        Raises:
            ToolFailed: If it cannot be; a release that got no requests yet is stopped again.
        """

    def act(
        self, target: Target, model: str, action: str, *, sink: Callable[[Task], None]
    ) -> tuple[Task, ...]:
        """``look`` at both versions, ``settle`` (end the copies) or ``abort`` (all to the old one)."""


@dataclass(frozen=True)
class Manner:
    """How a rollout goes about it.

    Attributes:
        wait: Hold each step here; else return once a step is begun, for a later call to go on.
        at_once: Switch with no steps, as a return to a known version does.
        advance: Take the step that is underway for long enough and conclusive.
    """

    wait: bool = True
    at_once: bool = False
    advance: bool = False


class Aborted(Refused):
    """The new version did worse, or somebody said stop; the old one has all requests again."""

    def __init__(self, message: str, steps: Sequence[StepOutcome]) -> None:
        super().__init__(message)
        self.steps = tuple(steps)


@dataclass
class Carrying:
    """One rollout by a strategy.

    Attributes:
        steps: Those that are over, also in earlier calls.
        tasks: What ansible did in this one.
    """

    runtime: Stepping
    target: Target
    release: Release
    manner: Manner
    sink: Callable[[str], None]
    tell: Callable[[Task], None]
    steps: list[StepOutcome] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)

    def proceed(self) -> bool:
        """Bring the release to where it may take all requests, or as far as it goes now.

        Returns:
            Whether it may. If not, the old version answers too, and a later call goes on.

        Raises:
            Aborted: If the new version does worse; the old one has all requests then.
            ToolFailed: If something does not work; what could be put back was.
        """
        look = self._look()
        if look.new is not None and look.new != self._program:
            self._put_back(look, "another version is wanted now")
            look = self._look()
        if look.new is None and (self.manner.at_once or not look.routed or look.routed == (self._program,)):
            return True
        if look.new is None and not look.ready:
            self._say("the old version is not ready, so nothing is compared with it")
            return True
        try:
            return self._steps(look)
        except Aborted:
            raise
        except GitmodelError as error:
            self.try_back(error)
            raise

    @property
    def _strategy(self) -> StrategySpec:
        return self.target.strategy

    @property
    def _program(self) -> Program:
        return self.release.program

    def _say(self, words: str) -> None:
        self.sink(f"{self.release.model} v{self.release.version} to {self.target.name}: {words}")

    def _look(self) -> Look:
        return look_at(self.runtime, self.target, self.release.model)

    def _steps(self, look: Look) -> bool:
        self.steps = list(look.done)
        left = [share for share in self._shares() if look.new is None or share > look.percent]
        if look.new is None:
            look = self._begin(left.pop(0)) if left else look
        elif not look.applied or look.kind != self._strategy.kind:
            look = self._begin(look.percent)
        while look.new is not None:
            judged = self._hold(look)
            if judged is None:
                return False
            self._close(*judged)
            if not left:
                break
            look = self._begin(left.pop(0))
        if self._strategy.kind == "shadow":
            self._act("settle")
        return True

    def _shares(self) -> list[int]:
        if self._strategy.kind == "shadow":
            return [self._strategy.percent]
        return [share for share in self._strategy.steps if share < _WHOLE]

    def _begin(self, percent: int) -> Look:
        kind = self._strategy.kind
        done = [asdict(step) for step in self.steps]
        share = {"kind": kind, "percent": percent, "done": done}
        self.tasks += self.runtime.step(self.target, self.release, share, sink=self.tell)
        what = "of the requests go to it" if kind == "canary" else "of the requests are copied to it"
        self._say(f"{percent} % {what} for {format_duration(self._strategy.hold)}")
        return Look((), ready=True, kind=kind, new=self._program, percent=percent)

    def _hold(self, look: Look) -> tuple[Look, Judgement] | None:
        """Return how a step did; ``None``: it is not over and nobody waits for it here.

        Raises:
            Aborted: If it is worse, too little was seen of it, or it is to stop.
        """
        hold = self._strategy.hold.total_seconds()
        pause = max(hold / _LOOKS, min(hold, _BETWEEN_LOOKS))
        advance, self.manner = self.manner.advance, replace(self.manner, advance=False)
        while True:
            judgement = judge(look.seen, self._strategy.analysis, shadow=look.kind == "shadow")
            if self._is_over(look, judgement, advance=advance):
                return look, judgement
            reported = look.seconds >= hold and judgement.verdict == "passed"
            if reported or not self.manner.wait:
                self._tell_waiting(look, judgement, reported=reported)
                return None
            whole = hold * (PATIENCE if look.seconds >= hold else 1)
            word = wishes.sleep(self.target, min(pause, max(0.0, whole - look.seconds)))
            if word == wishes.YIELD:
                self._say(f"{look.percent} %, and another deployment goes on with it")
                return None
            look = self._look()
            if word == wishes.ABORT:
                self._abort(look, Judgement("failed", "it was told to stop"))
            if look.new is None:
                raise Aborted(f"the {self._strategy.kind} was ended by somebody else", self.steps)
            advance = word == wishes.CONTINUE

    def _is_over(self, look: Look, judgement: Judgement, *, advance: bool) -> bool:
        """Say whether the next step may come; abort where none may."""
        hold = self._strategy.hold.total_seconds()
        if judgement.verdict == "failed":
            self._abort(look, judgement)
        if advance:
            return True
        if judgement.verdict == "passed":
            is_reported = look.kind == "shadow" and self._strategy.then == "report"
            return look.seconds >= hold and not is_reported
        if look.seconds < hold * PATIENCE:
            return False
        if self._strategy.analysis.inconclusive == "abort":
            self._abort(look, judgement)
        return True

    def _tell_waiting(self, look: Look, judgement: Judgement, *, reported: bool) -> None:
        again = f"`gitmodel deploy {self.target.name}"
        if reported and self._strategy.then == "report":
            self._say(tell_step(look.kind, _outcome(look, judgement)))
            self._say(f"it stays a shadow; {again} --continue` lets it take over, `--abort` ends it")
        else:
            self._say(f"{look.percent} % since {look.seconds:.0f} s; {again}` goes on when its time is over")

    def _close(self, look: Look, judgement: Judgement) -> None:
        outcome = _outcome(look, judgement)
        self.steps.append(outcome)
        self._say(tell_step(look.kind, outcome))

    def _abort(self, look: Look, judgement: Judgement) -> NoReturn:
        self._close(look, judgement)
        self._put_back(look, judgement.words)
        raise Aborted(f"the {look.kind} was aborted at {look.percent} %: {judgement.words}", self.steps)

    def _put_back(self, look: Look, why: str) -> None:
        version = look.new.version if look.new else ""
        self._say(f"the {look.kind} of v{version} is put back from {look.percent} %: {why}")
        self._act("abort")

    def try_back(self, error: GitmodelError) -> None:
        """Put back what failed by something else than the new version's doing."""
        try:
            self._act("abort")
        except GitmodelError as second:
            words = f"and it could not be put back: {second.message}"
            error.detail = "\n".join(filter(None, (error.detail, words)))

    def _act(self, action: str) -> None:
        self.tasks += self.runtime.act(self.target, self.release.model, action, sink=self.tell)


def look_at(runtime: Stepping, target: Target, model: str) -> Look:
    """Return what goes on with a model.

    Raises:
        ToolFailed: If a host does not say.
    """
    tasks = runtime.act(target, model, "look", sink=lambda _task: None)
    return parse_looks([task.result["look"] for task in tasks if "look" in task.result])


def _outcome(look: Look, judgement: Judgement) -> StepOutcome:
    figures = {name: round(value, 6) for name, value in judgement.figures.items()}
    return StepOutcome(look.percent, round(look.seconds, 1), figures, judgement.verdict, judgement.words)
