"""Feedback for a model where an environment runs it."""

from pathlib import Path

from gitmodel.delivery.deploy import find_target
from gitmodel.git.repository import Repository
from gitmodel.monitoring.adding import Added, add_feedback


def feed(repo: Repository, model: str, env: str, file: Path) -> Added:
    """Post the labels of a file to the service of a model in an environment.

    Raises:
        UsageError: If there is no such environment here.
        InvalidFile: If a line is not feedback: it is named, and nothing is posted.
        ToolFailed: If the service does not answer or refuses.
    """
    target = find_target(repo, env)
    return add_feedback(file, target.url(model), model, target.layout.state)
