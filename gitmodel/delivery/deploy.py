"""Make an environment run what its branch says, and note what became of it."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from gitmodel import clock
from gitmodel.delivery import runtimes, wishes
from gitmodel.delivery.bringing import Bringing, Deployed
from gitmodel.delivery.failing import settle
from gitmodel.delivery.freezing import Freeze, freeze_now
from gitmodel.delivery.history import promoted_by
from gitmodel.delivery.inventories import at_hosts
from gitmodel.delivery.journal import Entry, journal_of
from gitmodel.delivery.outcomes import DONE, Outcome, format_outcome, read_outcomes
from gitmodel.delivery.removal import Unwanted, take_off, unwanted
from gitmodel.delivery.rollout import down, turn
from gitmodel.delivery.runtimes.states import HostState, serving_version, set_up_version
from gitmodel.delivery.strategy import Manner
from gitmodel.delivery.target import Target, target_of
from gitmodel.errors import GitmodelError, ToolFailed, UsageError
from gitmodel.git.commits import read_log
from gitmodel.git.refs import default_rev
from gitmodel.git.remotes import fetch
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.metrics.records import now
from gitmodel.registry.desired import Desired, read_desired
from gitmodel.registry.environments import env_tip
from gitmodel.spec import load_environment

__all__ = ["Deployed", "Options", "deploy", "find_target", "take_down"]
Sink = Callable[[str], None]
_NOT_NOTED = ("held", "frozen", "checked", "holding")


@dataclass(frozen=True)
class Options:
    """How an environment is deployed.

    Attributes:
        check: Only say what would change; nothing is written.
        thorough: Compare files on the hosts, too, and mend what is not as it was written.
        empty: Stop everything where nothing should run.
        override: Why it is done at a time in which nothing may be rolled out; "": then it is not.
        manner: How the steps of a canary or shadow are taken.
    """

    check: bool = False
    thorough: bool = False
    empty: bool = False
    override: str = ""
    manner: Manner = field(default_factory=Manner)


def deploy(
    repo: Repository, env: str, *, by: str, sink: Sink, check: bool = False, options: Options | None = None
) -> list[Deployed]:
    """Roll out every model whose version in an environment is not the one that its branch names.

    One deployment at a time: what should run is read when it is this one's turn. A model that fails
    stays as it was, and the others are deployed all the same. Where a new version fails by its own fault,
    the branch goes back to the version that runs, with a hold. Models that should not run are removed. Each
    outcome becomes a note on the branch's commit; ``unchanged`` only where nothing says yet that it runs.

    Args:
        repo: The repository.
        env: Name of the environment.
        by: Who deploys.
        sink: Told each step, in a line.
        check: As in ``options``.
        options: How.

    Raises:
        UsageError: If there is no such environment here, or nothing was promoted to it.
        Refused: If nothing would be left that runs, and nobody has said that this is meant.
        ToolFailed: If the remote does not answer.
    """
    given = options or Options(check=check)
    target = find_target(repo, env)
    if not given.check:
        settle(repo, env, by=by, sink=sink)  # what another deployment could not write
    wish = wishes.CONTINUE if given.manner.advance else wishes.YIELD
    with turn(target, f"a deployment of {env} by {by}", sink, wish=wish) as is_left:
        manner = replace(given.manner, advance=given.manner.advance and is_left)
        given = replace(given, manner=manner)
        left = journal_of(repo, env).read()  # first: what it lacks by now, the branch has
        fetch(repo)
        target = at_hosts(repo, target)
        tip = env_tip(repo, env)
        if tip is None:
            raise UsageError(f"nothing was promoted to {env} yet", hint="run `gitmodel promote`")
        states = runtimes.runtime(target.runtime).observe(target)
        target = target.reached_at(state.address for state in states)
        done = _Deployment(repo, target, tip, by, sink, given, left).run(states)
    if not given.check:
        try:
            settle(repo, env, by=by, sink=sink)
        except ToolFailed:
            sink(f"git does not know yet what became of it: the next `gitmodel deploy {env}` here writes it")
            raise
    return done


def take_down(repo: Repository, env: str, *, sink: Sink) -> bool:
    """Stop everything that an environment runs on this machine; say whether anything ran.

    Raises:
        UsageError: If there is no such environment here, or it is on other hosts.
        ToolFailed: If something does not end.
    """
    target = find_target(repo, env)
    if target.inventory:
        raise UsageError(f"{env} is on other hosts; only what runs on this machine is stopped")
    return down(target, sink=sink)


def find_target(repo: Repository, env: str) -> Target:
    """Return where an environment is.

    Raises:
        UsageError: If it is not defined on the default branch nor beside the repository.
    """
    return target_of(load_environment(repo, default_rev(repo), env), repo.state)


@dataclass(frozen=True)
class _Deployment:
    """One deployment of an environment, whose turn it is."""

    repo: Repository
    target: Target
    tip: Oid
    by: str
    sink: Sink
    options: Options
    left: Sequence[Entry]

    def run(self, states: Sequence[HostState]) -> list[Deployed]:
        should = read_desired(self.repo, self.target.name, self.tip)
        wanted = [desired for desired in should.values() if desired.version]
        names = [each.model for each in wanted]
        strays = unwanted(
            self.repo, self.target.name, self.tip, states, names, empty=self.options.empty, sink=self.sink
        )
        freeze = self._freeze()
        done = []
        for desired in wanted:
            brought = self._known_bad(desired) or self._bring(desired, states, freeze)
            done.append(self._note(desired, brought))
        for stray in strays:
            removed = self._remove(stray, freeze)
            done.append(self._note(should.get(stray.model) or Desired(stray.model), removed))
        return done

    def _freeze(self) -> Freeze | None:
        if self.options.override:
            return None
        spec = load_environment(self.repo, default_rev(self.repo), self.target.name)
        freeze = freeze_now(spec, clock.now())
        if freeze and self.options.check:
            self.sink(freeze.words)
        return freeze

    def _bring(self, desired: Desired, states: Sequence[HostState], freeze: Freeze | None) -> Deployed:
        options = self.options
        how = Bringing(
            self.repo,
            self.target,
            self.sink,
            freeze,
            check=options.check,
            thorough=options.thorough,
            manner=options.manner,
            states=states,
        )
        return how.bring(desired, set_up_version(states, desired.model))

    def _known_bad(self, desired: Desired) -> Deployed | None:
        """Return that a version is not tried again: it is held as bad, or git is still to hear of it."""
        wanted = (True, desired.model, desired.object or "")
        is_noted = any((entry.bad, entry.model, entry.object) == wanted for entry in self.left)
        if not (is_noted or desired.is_bad):
            return None
        name, env = desired.model, self.target.name
        reason = desired.hold.reason if desired.hold else "it has just failed"
        self.sink(f"{name} v{desired.version} is not deployed to {env} again: {reason}")
        self.sink(
            f"    hint: promote another version; `gitmodel hold {name} {env} --lift` lets it be tried again"
        )
        return Deployed(name, str(desired.version), "held", self.target.url(name), 0.0, reason, 1)

    def _remove(self, stray: Unwanted, freeze: Freeze | None) -> Deployed:
        name, env, begun = stray.model, self.target.name, time.monotonic()
        blank = Deployed(name, stray.version, "removed", self.target.url(name), 0.0)
        if self.options.check:
            self.sink(f"{name} in {env}: would be stopped and removed")
            return replace(blank, outcome="checked")
        if freeze:
            self.sink(f"{name} is not removed: {freeze.words}")
            return replace(blank, outcome="frozen", reason=freeze.words, exit_code=1)
        try:
            words = take_off(self.target, runtimes.runtime(self.target.runtime), stray)
        except GitmodelError as error:
            self.sink(f"{name} could not be removed from {env}: {error.message}")
            return replace(blank, outcome="failed", reason=error.message, exit_code=error.exit_code)
        self.sink(f"{name} in {env}: {words or 'nothing was left of it'}")
        return replace(blank, seconds=time.monotonic() - begun, reason=words)

    def _note(self, desired: Desired, done: Deployed) -> Deployed:
        """Keep what is to be written to git; it is written once it is no longer our turn."""
        if self.options.check or done.outcome in _NOT_NOTED:
            return done
        is_bad = done.bad_version and not self._ran_before(desired)
        running = serving_version(self._states(), done.model) if is_bad else ""
        if done.outcome == "unchanged" and self._is_known(done):
            return done
        line = format_outcome(self._outcome(desired, done))
        entry = Entry(
            done.model, done.version, self.tip, line, is_bad, desired.object or "", running, done.reason
        )
        journal_of(self.repo, self.target.name).add(entry)
        return done

    def _states(self) -> Sequence[HostState]:
        return runtimes.runtime(self.target.runtime).observe(self.target)

    def _is_known(self, done: Deployed) -> bool:
        return any(
            self._is_done(each, done.model, done.version) for each in read_outcomes(self.repo, [self.tip])
        )

    def _ran_before(self, desired: Desired) -> bool:
        """Say whether the version has run since it was promoted: then it is not the version that is bad."""
        begun = promoted_by(self.repo, self.tip, desired)
        log = [commit.oid for commit in read_log(self.repo, self.tip)]
        found = read_outcomes(self.repo, log[: log.index(begun) + 1] if begun else log)
        return any(self._is_done(each, desired.model, str(desired.version)) for each in found)

    def _is_done(self, outcome: Outcome, model: str, version: str) -> bool:
        place = (outcome.env, outcome.model, outcome.version)
        return outcome.outcome in DONE and place == (self.target.name, model, version)

    def _outcome(self, desired: Desired, done: Deployed) -> Outcome:
        return Outcome(
            self.target.name,
            done.model,
            done.version,
            done.outcome,
            now(),
            self.by,
            round(done.seconds, 1),
            done.url,
            done.reason,
            previous=done.previous if done.previous != done.version else "",
            digest=done.digest,
            strategy=str(desired.strategy.get("kind", "")),
            override=self.options.override if done.outcome in ("deployed", "removed") else "",
            hosts=done.hosts,
            phases=done.phases,
            gates=desired.promoted.gates if desired.promoted else (),
        )
