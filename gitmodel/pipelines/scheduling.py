"""Keep the schedules of a forge in line with those of the models, where the forge keeps them apart."""

from gitmodel.errors import UsageError
from gitmodel.git.refs import default_branch, default_rev
from gitmodel.pipelines.job import Job
from gitmodel.pipelines.telling import Say
from gitmodel.spec import load_environments, load_models


def sync_schedules(job: Job, say: Say) -> None:
    """Make, change and remove the schedules of a forge.

    Raises:
        UsageError: If there is no forge, or no token for it.
        ToolFailed: If the forge does not take them.
    """
    if job.forge is None:
        raise UsageError(
            "there is no forge to write schedules to",
            hint="GITMODEL_TOKEN must be set (scope `api`), at a desk CI_SERVER_URL and CI_PROJECT_ID too",
        )
    rev = default_rev(job.repo)
    models = load_models(job.repo, rev) if rev else []
    wanted = {cron for spec in models for cron in (spec.retrain.cron, spec.monitor.cron) if cron}
    wanted |= {spec.reconcile.cron for spec in load_environments(job.repo, rev) if spec.reconcile.cron}
    for line in job.forge.sync_schedules(wanted, default_branch(job.repo)) or [
        "schedules are as they should be"
    ]:
        say(f"[schedules] {line}")
