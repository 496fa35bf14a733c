"""Monitor what is live, as a schedule or an event asks for it: collect, measure, note, heal."""

import os
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from gitmodel import clock
from gitmodel.errors import ToolFailed
from gitmodel.git.remotes import fetch
from gitmodel.pipelines.exposing import expose
from gitmodel.pipelines.healing import Healing
from gitmodel.pipelines.job import Job
from gitmodel.pipelines.labels import collect_from_hosts
from gitmodel.pipelines.steps import who
from gitmodel.pipelines.telling import Say, guarded
from gitmodel.pipelines.watching import watch, watched_document
from gitmodel.registry.desired import read_desired
from gitmodel.reports.live import monitor_text


def monitor(
    job: Job, env: str, models: Sequence[str], say: Say, *, now: datetime | None = None, link: str = ""
) -> int:
    """Collect, measure, note and heal, one model after the other.

    Args:
        job: The repository, and the forge where promotions are proposed.
        env: Name of the environment.
        models: Their names; none: all that are live there.
        say: Told each step.
        now: The moment that is judged; default: when each model's turn has come.
        link: What people may open to see more.

    Returns:
        0; 1 where a condition failed; else the exit code of the gravest failure.
    """
    there = read_desired(job.repo, env)
    names = models or sorted(name for name, wanted in there.items() if wanted.version)
    if not names:
        say(f"[monitor] nothing is live in {env}")
    acts = [partial(_one, job, env, name, say, now=now, link=link) for name in names]
    return max((guarded(act, say) for act in acts), default=0)


def _one(job: Job, env: str, model: str, say: Say, *, now: datetime | None, link: str) -> int:
    say(f"[monitor] {model} in {env}")
    fetch(job.repo)  # what others have done meanwhile counts
    down = collect_from_hosts(job.repo, env, model, say)
    moment = now or clock.now()
    by = who(job.repo)
    found = watch(job.repo, env, model, by=by, now=moment)
    expose(job.repo, env, found, say)
    for line in monitor_text(watched_document(found)):
        say(line)
    Healing(job, env, by, say, moment, os.environ, link).heal(found)
    broken = any(each.is_broken for each in found)
    return max(int(broken), ToolFailed.exit_code if down else 0)
