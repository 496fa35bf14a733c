"""Bring data that DVC imports from elsewhere up to date."""

import posixpath

from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.git.worktrees import temporary_worktree
from gitmodel.spec import ModelSpec
from gitmodel.training.data_lock import using_data
from gitmodel.training.pipeline import open_dvc


def update_imports(repo: Repository, spec: ModelSpec, commit: Oid) -> dict[str, bytes]:
    """Bring what a model's pipeline imports up to date, and send it to the DVC remote.

    Imports are what ``dvc import``, ``dvc import-url`` and ``dvc import-db`` made.

    Args:
        repo: The repository.
        spec: The model.
        commit: Where its pipeline and the imports are.

    Returns:
        The ``.dvc`` files that have changed, by path; none where nothing is new.

    Raises:
        InvalidFile: If the pipeline is not valid.
        ToolFailed: If a source or the DVC remote does not answer.
    """
    file = posixpath.join(spec.folder, "dvc.yaml")
    with using_data(repo), temporary_worktree(repo, commit) as tree, open_dvc(repo, tree) as dvc:
        imports = sorted({dvc.relative(stage.path) for stage in dvc.stages(file) if stage.is_import})
        before = {path: (tree / path).read_bytes() for path in imports}
        if imports:
            dvc.update(imports)
        after = {path: (tree / path).read_bytes() for path in imports}
        changed = {path: text for path, text in after.items() if text != before[path]}
        if changed and dvc.has_remote:
            dvc.push(*changed)
        return changed
