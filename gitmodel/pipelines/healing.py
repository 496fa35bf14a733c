"""Heal a live model whose quality is broken: alert, train anew, roll back; each step is noted."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gitmodel.delivery import promotion
from gitmodel.errors import Conflict, GitmodelError, Refused
from gitmodel.git.notes import combine
from gitmodel.git.refs import default_rev, read_ref
from gitmodel.git.remotes import fetch, publish
from gitmodel.git.values import Oid, RefUpdate
from gitmodel.metrics.records import utc
from gitmodel.monitoring.conditions import Judged, condition_words
from gitmodel.monitoring.incidents import INCIDENTS_REF, Incident, Kind, Step, format_step, read_incidents
from gitmodel.monitoring.ladder import Act, Next, decide
from gitmodel.monitoring.measurement import Measured
from gitmodel.pipelines.alerting import Alerting
from gitmodel.pipelines.earlier import best_earlier, rolled_back_from
from gitmodel.pipelines.job import Job
from gitmodel.pipelines.labels import newest_labels
from gitmodel.pipelines.planning import existing_commit
from gitmodel.pipelines.refreshing import refresh
from gitmodel.pipelines.releasing import bring_in_line, into
from gitmodel.pipelines.steps import train_and_register
from gitmodel.pipelines.telling import Say
from gitmodel.pipelines.watching import Watched
from gitmodel.registry.desired import Desired, read_desired
from gitmodel.registry.environments import env_tip
from gitmodel.spec import load_environment, load_model
from gitmodel.spec.model import QualityCondition

_STEPS = 8  # of one incident in one run; a ladder has fewer
_KINDS: Mapping[Act, Kind] = {
    "retrain": "retrain",
    "rollback": "rollback",
    "open": "opened",
    "worsen": "worse",
    "held": "held",
    "stuck": "stuck",
    "resolve": "resolved",
}


@dataclass(frozen=True)
class Healing:
    """One run of healing in an environment.

    Attributes:
        job: Where; its forge takes promotions that a person reviews.
        env: Name of the environment.
        by: Who does it, as notes name him.
        say: Told each step.
        now: The moment that verdicts are of.
        secrets: Variables that addresses of alerts may be in.
        link: What people may open to see more.
    """

    job: Job
    env: str
    by: str
    say: Say
    now: datetime
    secrets: Mapping[str, str]
    link: str = ""

    def heal(self, watched: Sequence[Watched]) -> None:
        """Do what follows from these verdicts.

        Two runs at once do each step once: a step is written before it is done, on top of exactly what the
        decision was made from.

        Raises:
            Conflict: If others win every race.
            ToolFailed: If the remote does not answer.
        """
        for each in watched:
            for judged in each.judged:
                if self._climb(each, judged):
                    break  # what the other conditions were judged on no longer serves
            self._close_withdrawn(each)
        self.tell()

    def tell(self) -> None:
        """Tell people what they have not been told of incidents of the last day."""
        Alerting(self.job, self.env, self.say, self.secrets, self.link).tell(self.now, self._note)

    def _close_withdrawn(self, watched: Watched) -> None:
        """Close the incidents of conditions that model.yaml has no longer: nobody judges them any more."""
        asked = {condition_words(each.condition) for each in watched.judged}
        tip = read_ref(self.job.repo, INCIDENTS_REF)
        for incident in self._open_incidents(watched.live.model):
            if incident.steps[0].condition in asked:
                continue
            reason, version = "model.yaml has no such condition any more", watched.live.version
            step = replace(incident.last, kind="resolved", severity="info", reason=reason, version=version)
            step = replace(step, at=self._at(), by=self.by, result="")
            try:
                self._claim(step, tip)
            except Conflict:
                fetch(self.job.repo)
                return  # somebody does the same; else the next run does it
            self.say(f"[heal] {step.model} in {self.env}: {step.condition}: {step.kind}: {step.reason}")
            self._lift(step)
            tip = read_ref(self.job.repo, INCIDENTS_REF)

    def _climb(self, watched: Watched, judged: Judged) -> bool:
        """Do what follows from one verdict, step by step; return whether another version serves now."""
        words = condition_words(judged.condition)
        for _ in range(_STEPS):
            tip = read_ref(self.job.repo, INCIDENTS_REF)
            incident = self._open_incident(watched.live.model, words)
            held = self._held(watched.live.model, incident)
            young = judged.is_short and self._is_young(watched.live, judged.condition)
            step = decide(judged.condition, judged.verdict, incident, now=self.now, held=held, is_young=young)
            if step is None:
                return False
            written = self._written(watched, judged, incident, step)
            try:
                self._claim(written, tip)
            except Conflict:
                fetch(self.job.repo)  # somebody was quicker: decide again from what is known now
                continue
            self.say(
                f"[heal] {written.model} v{written.version} in {self.env}: {written.kind}: {written.reason}"
            )
            outcome = self._act(written, judged.condition)
            if outcome:
                self.say(f"[heal] {written.model}: {outcome.kind}: {outcome.reason}")
                self._note(outcome)
            if outcome and outcome.kind in ("promoted", "rolled_back"):
                return True
        return False

    def _act(self, step: Step, condition: QualityCondition) -> Step | None:
        """Do what was written; return what came of it, where that is a step of its own."""
        if step.kind in ("opened", "worse"):
            self.tell()  # before anything that takes long
        elif step.kind == "retrain":
            return self._retrain(step)
        elif step.kind == "rollback":
            return self._roll_back(step, condition)
        elif step.kind == "resolved":
            self._lift(step)
        return None

    def _retrain(self, step: Step) -> Step:
        """Train on the data of now and take the result there, if it passes; return what came of it."""
        try:
            result, reason = self._anew(step)
        except GitmodelError as error:
            result, reason = "", error.message
        kind: Kind = "promoted" if result else "retrained"
        return replace(step, kind=kind, result=result, reason=reason, at=self._at())

    def _anew(self, step: Step) -> tuple[str, str]:
        """Return the version that was promoted, or "", and why."""
        repo = self.job.repo
        rev = default_rev(repo)
        spec = load_model(repo, rev, step.model)
        commit = newest_labels(self.job, spec, self.say) or existing_commit(repo, rev or "HEAD")
        refreshed = refresh(self.job, spec, commit, self.say)
        if refreshed.proposed:
            return "", "the result waits for a person's review"
        version = train_and_register(repo, spec, refreshed.commit, fresh=True, say=self.say).version
        number = version.version
        if number == step.version:
            return "", f"there is nothing new to learn: it is v{number} again"
        if number in rolled_back_from(repo, step):
            return "", f"it is v{number} again, which was rolled back from"
        self._lift(step)
        environment = load_environment(repo, default_rev(repo), self.env)
        code = into(repo, version, spec, environment, say=self.say, forge=self.job.forge)
        desired = read_desired(repo, self.env).get(step.model)
        if code > Refused.exit_code and desired and desired.hold and desired.hold.bad_version == number:
            return "", f"v{number} passes its gates, and could not be deployed"
        if desired is None or desired.version != number:
            return "", f"v{number} was not promoted: its gates said no, or a person has to review it"
        return number, f"v{number} passes its gates{', and could not be deployed' if code else ''}"

    def _roll_back(self, step: Step, condition: QualityCondition) -> Step:
        """Return to the best earlier version that meets the condition on the same rows."""
        try:
            found, why = best_earlier(self.job.repo, step, condition, self.now, self.say)
            if found is None:
                return replace(step, kind="stuck", severity="critical", reason=why, at=self._at())
            text = f"{step.condition} is broken (incident {step.incident}): {why}"
            promotion.rollback(self.job.repo, step.model, self.env, reason=text, by=self.by, to=found.version)
            code = bring_in_line(self.job.repo, self.env, self.say)
        except GitmodelError as error:
            return replace(step, kind="stuck", severity="critical", reason=error.message, at=self._at())
        if code:
            why = f"v{found.version} should run now, and could not be deployed"
            return replace(step, kind="stuck", severity="critical", reason=why, at=self._at())
        return replace(step, kind="rolled_back", result=found.version, reason=why, at=self._at())

    def _held(self, model: str, incident: Incident | None) -> str:
        """Return why a person holds the model there; a hold of this very incident is none."""
        desired = read_desired(self.job.repo, self.env).get(model, Desired(model))
        if desired.hold is None or (incident and _mark(incident.id) in desired.hold.reason):
            return ""
        return f"{desired.hold.by} holds it since {desired.hold.at}: {desired.hold.reason}"

    def _is_young(self, live: Measured, condition: QualityCondition) -> bool:
        """Say whether a version has not served for a whole window of a condition yet."""
        desired = read_desired(self.job.repo, self.env).get(live.model)
        since = desired.promoted.moment if desired and desired.promoted else None
        return since is not None and self.now - since < condition.window

    def _lift(self, step: Step) -> None:
        """Lift the hold that the rollback of this incident has set, now that all is well."""
        desired = read_desired(self.job.repo, self.env).get(step.model, Desired(step.model))
        if desired.hold and _mark(step.incident) in desired.hold.reason:
            promotion.lift(self.job.repo, step.model, self.env, by=self.by, reason=step.reason)

    def _open_incident(self, model: str, words: str) -> Incident | None:
        found = (each for each in self._open_incidents(model) if each.steps[0].condition == words)
        return next(found, None)

    def _open_incidents(self, model: str) -> list[Incident]:
        found = [each for each in read_incidents(self.job.repo) if each.is_open]
        return [each for each in found if (each.steps[0].model, each.steps[0].env) == (model, self.env)]

    def _written(self, watched: Watched, judged: Judged, incident: Incident | None, step: Next) -> Step:
        words, at, live = condition_words(judged.condition), self._at(), watched.live
        new = hashlib.sha256(f"{live.model}\0{self.env}\0{words}\0{at}".encode()).hexdigest()[:12]
        return Step(
            incident=incident.id if incident else new,
            kind=_KINDS[step.act],
            model=live.model,
            env=self.env,
            version=live.version,
            condition=words,
            verdict=judged.verdict,
            severity=step.severity,
            reason=judged.reason if step.act in ("open", "worsen", "resolve") else step.reason,
            at=at,
            by=self.by,
        )

    def _claim(self, step: Step, tip: Oid | None) -> None:
        """Write a step on top of the notes that it was decided from.

        Raises:
            Conflict: If they have changed.
        """
        commit = combine(self.job.repo, tip, None, {self._place(): [format_step(step)]})
        if commit and commit != tip:
            publish(self.job.repo, [RefUpdate(INCIDENTS_REF, commit, tip)])

    def _note(self, *steps: Step) -> None:
        at, by = self._at(), self.by
        lines = [format_step(replace(step, at=at, by=by)) for step in steps]
        publish(self.job.repo, [], {INCIDENTS_REF: {self._place(): lines}})

    def _place(self) -> Oid:
        tip = env_tip(self.job.repo, self.env)
        assert tip is not None  # something should run there
        return tip

    def _at(self) -> str:
        return utc(self.now.timestamp())


def _mark(incident: str) -> str:
    return f"(incident {incident})"
