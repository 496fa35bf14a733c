"""The notebooks that a training has executed, and pages of them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from gitmodel.errors import GitmodelError
from gitmodel.git.repository import Repository
from gitmodel.notebooks.cells import write
from gitmodel.pipelines.runs import Runs
from gitmodel.spec import ModelSpec
from gitmodel.training import fetch_file
from gitmodel.training.lock import executed_notebooks

Say = Callable[[str], None]


def write_pages(repo: Repository, commit: str, paths: Sequence[str], folder: Path) -> list[Path]:
    """Write executed notebooks, each with a page that shows it, and return the pages.

    What cannot be had or shown is passed over: a report is not held up by it.

    Args:
        repo: The repository.
        commit: The result of the training.
        paths: The notebooks, from the top of the repository.
        folder: Where they are written to, by these paths.
    """
    pages = []
    for path in paths:
        try:
            content = fetch_file(repo, commit, path).read_bytes()
            write(folder / path, content)
            pages.append(write_page(folder / path, content))
        except (GitmodelError, OSError):
            continue
    return pages


def keep_pages(repo: Repository, spec: ModelSpec, commit: str, run: str, say: Say) -> None:
    """Keep the executed notebooks of a training with its run, beside the log.

    Args:
        repo: The repository.
        spec: The model.
        commit: The result of the training.
        run: Id of the run.
        say: Told where the pages are.
    """
    folder = Runs(repo).log(run).parent / "notebooks"
    for page in write_pages(repo, commit, executed_notebooks(repo, spec, commit), folder):
        say(f"[train] {spec.name}: what its notebook shows: {page}")


def write_page(file: Path, content: bytes) -> Path:
    """Write the page of a notebook beside it.

    Raises:
        InvalidFile: If it is no notebook.
    """
    from gitmodel.notebooks.html import notebook_html

    page = file.with_suffix(".html")
    write(page, notebook_html(content, title=file.stem).encode())
    return page
