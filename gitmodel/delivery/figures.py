"""Hand what was measured of live models to their services, which tell Prometheus."""

from collections.abc import Callable, Mapping

from gitmodel.delivery import playbook
from gitmodel.delivery.ansible.module_utils.gitmodel_figures import write_figures
from gitmodel.delivery.collecting import live_folder, words_of
from gitmodel.delivery.deploy import find_target
from gitmodel.delivery.inventories import find_inventory
from gitmodel.delivery.locks import environment_lock
from gitmodel.git.repository import Repository


def publish_figures(
    repo: Repository, env: str, figures: Mapping[str, str], *, sink: Callable[[str], None]
) -> tuple[str, ...]:
    """Write the figures of models on each host of an environment; on this machine without ansible.

    Args:
        repo: The repository.
        env: Name of the environment.
        figures: The text of each model's file, by the model's key.
        sink: Told whom it waits for.

    Returns:
        A line for each host that could not be told; figures that it shows are known to be old by their time.

    Raises:
        UsageError: If there is no such environment here.
        InvalidFile: If its inventory is missing.
        ToolFailed: If ansible itself fails.
    """
    target = find_target(repo, env)
    if not target.inventory:
        try:
            write_figures(target.root, figures)
        except OSError as error:
            return (f"figures for Prometheus: {error}",)
        return ()
    into = live_folder(repo, env)
    workspace = into / ".run"
    with environment_lock(into / ".lock", f"a collection from {env}", sink):
        workspace.mkdir(exist_ok=True)
        inventory = find_inventory(repo, target.inventory, workspace)
        request = {"root": str(target.root), "figures": dict(figures)}
        output, code = playbook.attempt(
            "figures.yml", request, workspace=workspace, sink=playbook.nobody, inventory=inventory
        )
    if not output.tasks:
        raise playbook.failure(output, code)
    return tuple(
        f"{task.host}: figures for Prometheus: {words_of(task)}"
        for task in output.tasks
        if task.status != "ok"
    )
