"""Adopt an existing DVC project: a model.yaml beside each pipeline; no file of the user's is changed."""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gitmodel.errors import InvalidFile, UsageError
from gitmodel.git.objects import list_files
from gitmodel.git.refs import resolve
from gitmodel.git.repository import Repository
from gitmodel.pipelines.guessing import chosen_artifact, guess, has_model
from gitmodel.pipelines.parts import Part, comment, in_short, one_key, render
from gitmodel.reports.terminal import clean
from gitmodel.spec import paths
from gitmodel.spec.parsing import parse_model, parse_repository
from gitmodel.spec.problems import InvalidSpec
from gitmodel.spec.repository import FILE as SETTINGS
from gitmodel.spec.repository import RepositorySpec
from gitmodel.training.project import FILE, Pipeline, Project, read_project

Say = Callable[[str], None]
_LONGEST_NAME = 100


@dataclass(frozen=True)
class Proposal:
    """A model.yaml that could be: its path from the top, its text, and the parts that it is made of."""

    file: str
    text: str
    parts: tuple[Part, ...]
    pipeline: Pipeline


@dataclass(frozen=True)
class Adoption:
    """What adopting a project would write, and what is to be said of it.

    Attributes:
        proposals: A model.yaml for each pipeline that has none.
        kept: Files named model.yaml that are there and stay as they are.
        settings: The text of a gitmodel.yaml that is needed; ``None``: none is.
        remarks: What the user should know beside.
    """

    proposals: tuple[Proposal, ...] = ()
    kept: tuple[str, ...] = ()
    settings: str | None = None
    remarks: tuple[str, ...] = field(default=())


def propose(repo: Repository, folder: str = "") -> Adoption:
    """Read the DVC project of HEAD and decide what its model files should say.

    Args:
        repo: A repository with a work tree.
        folder: Only pipelines below this folder, posix, "" for all.

    Raises:
        UsageError: If nothing is committed, or there is no pipeline.
        InvalidFile: If no pipeline can be read.
        ToolFailed: If git cannot check HEAD out.
    """
    if repo.root is None:
        raise UsageError("a bare repository cannot be adopted", hint="run the command in a clone of it")
    commit = resolve(repo, "HEAD")
    if commit is None:
        raise UsageError("nothing is committed here yet", hint="commit dvc.yaml and its files first")
    files = list(list_files(repo, commit))
    _see_pipelines(repo.root, folder, files)
    own = _own_projects(files)
    project = read_project(repo, commit)
    pipelines = [item for item in project.pipelines if _below(item.folder, folder)]
    unreadable = {file: why for file, why in project.unreadable.items() if _below(file, folder)}
    if not pipelines:
        raise _none_usable(unreadable, own)
    modelled = [item for item in pipelines if has_model(item, repo.root)] or pipelines
    wanted = {posixpath.join(item.folder, "model.yaml"): item for item in modelled}
    kept = [file for file in wanted if (repo.root / file).exists() or (repo.root / file).is_symlink()]
    names: set[str] = set()
    proposals = [_proposal(item, repo.root, file, names) for file, item in wanted.items() if file not in kept]
    settings, note = _settings(repo.root, wanted)
    remarks = [
        *(f"{file} cannot be read: {why}" for file, why in unreadable.items()),
        *(f"{item.file} makes no model: it stays a pipeline" for item in pipelines if item not in modelled),
        *(f"{place} is left out: {_OWN}" for place in own if _below(place, folder)),
        *_remarks(repo, project, modelled),
        *note,
    ]
    return Adoption(tuple(proposals), tuple(kept), settings, tuple(remarks))


def _below(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def _see_pipelines(root: Path, folder: str, files: Iterable[str]) -> None:
    """See that there is a pipeline that training can find.

    Raises:
        UsageError: If not; the hint says what there is instead.
    """
    there = [path for path in files if _below(path, folder)]
    if any(posixpath.basename(path) == FILE for path in there):
        return
    where = f"{folder or '.'}/{FILE}"
    if (root / folder / FILE).is_file():
        raise UsageError(f"{where} is not committed", hint=f"`git add` and `git commit` it: {_READ}")
    hint = "`gitmodel init` begins with a small model, `dvc stage add` makes a stage"
    if any(path.endswith(".dvc") for path in there):
        hint = "the data is tracked, but no stage makes a model of it: `dvc stage add` makes one"
    raise UsageError(f"there is no {FILE} in {folder or 'this repository'}", hint=hint)


_READ = "what is adopted is what training sees, the commit"


def _own_projects(files: Iterable[str]) -> list[str]:
    """Return the folders that are DVC projects of their own; DVC does not enter them from the top."""
    return sorted(path.removesuffix(_CONFIG) for path in files if path.endswith(_CONFIG))


_CONFIG = "/.dvc/config"
_OWN = "it is a DVC project of its own (`dvc init --subdir`), and training reads the .dvc at the top"


def _none_usable(unreadable: dict[str, str], own: Sequence[str]) -> InvalidFile:
    if own and not unreadable:
        return InvalidFile(f"{own[0]}: {_OWN}", hint=f"`git mv {own[0]}/.dvc .dvc` makes it part of this one")
    if not unreadable:
        return InvalidFile(f"no {FILE} here has stages", hint="`dvc stage add` makes one")
    file, why = next(iter(unreadable.items()))
    return InvalidFile(
        f"{file} cannot be read", detail=why, hint="`dvc status` says the same; correct it first"
    )


def _proposal(pipeline: Pipeline, root: Path, file: str, names: set[str]) -> Proposal:
    name = _name(pipeline, root, names)
    names.add(name.value)
    parts: list[Part] = []
    text = _head(pipeline)
    for part in guess(pipeline, root, name):
        whole = f"{text}\n{render(part)}"
        try:
            parse_model(whole, file)
        except InvalidSpec as error:
            found = error.problems[0]
            part = Part(part.key, None, f"{found.path}: {found.found}, expected {found.expected}", part.value)  # noqa: PLW2901 - in its place
            whole = f"{text}\n{render(part)}"
        parts.append(part)
        text = whole
    return Proposal(file, text, tuple(parts), pipeline)


def _name(pipeline: Pipeline, root: Path, taken: set[str]) -> Part:
    """Name a model after its artifact, its folder, or the repository."""
    named = [(item.name, f"the name of the artifact in {FILE}") for item in chosen_artifact(pipeline)]
    folder = posixpath.basename(pipeline.folder)
    place = (
        (folder, "the name of its folder") if folder else (root.name, "the name of the repository's folder")
    )
    for text, why in (*named, place, (pipeline.folder, "the path of its folder")):
        name = valid_name(text)
        if name and name not in taken:
            return Part("name", name, why)
    number = next(number for number in range(2, len(taken) + 3) if f"model-{number}" not in taken)
    return Part("name", f"model-{number}", "nothing else names it")


def valid_name(text: str) -> str:
    """Return the nearest name that a model may have; "" where nothing of the text can be kept."""
    plain = re.sub(r"[^a-z0-9_/]+", "-", text.lower())
    return re.sub(r"/+", "/", plain)[:_LONGEST_NAME].strip("-_/")


def _head(pipeline: Pipeline) -> str:
    stages = " -> ".join(stage.name for stage in pipeline.stages)
    params: dict[str, list[str]] = {}
    for stage in pipeline.stages:
        for file, values in stage.params.items():
            known = params.setdefault(file, [])
            known += [name for name in values if name not in known]
    read = "; ".join(f"{file}: {', '.join(names)}" for file, names in params.items())
    lines = [
        f"Proposed by `gitmodel init --adopt`; see each line, then commit it. {FILE} stays as it is.",
        f"Stages: {stages}",
        *([f"Parameters, which versions name by themselves: {read}"] if read else []),
    ]
    return comment(lines)


def _settings(root: Path, files: Iterable[str]) -> tuple[str | None, list[str]]:
    """Return the gitmodel.yaml that is needed to find the models, or a remark where the user has one."""
    there = root / SETTINGS
    try:
        known = parse_repository(there.read_bytes()) if there.is_file() else RepositorySpec()
    except InvalidSpec as error:
        return None, [error.message]
    missed = [file for file in files if file not in paths.matching([file], known.models)]
    if not missed:
        return None, []
    if there.is_file():
        return None, [f"add to `models:` in {SETTINGS}: {', '.join(missed)}"]
    head = comment(["Where models are: the usual places, and beside the pipelines that were adopted."])
    return head + one_key({"models": [*RepositorySpec().models, *missed]}), []


def _remarks(repo: Repository, project: Project, pipelines: Sequence[Pipeline]) -> Iterator[str]:
    for item in pipelines:
        if item.untracked:
            listed = ", ".join(item.untracked)
            yield f"{item.file} depends on {listed}, which nothing tracks: `git add` or `dvc add` it"
    changed = [
        path
        for path in repo.changed_files()
        if path.endswith((".dvc", "dvc.yaml", "dvc.lock", "params.yaml"))
    ]
    if changed:
        yield f"changes not committed were not read: {', '.join(changed)}"
    if not project.has_remote:
        yield "no DVC remote is configured: data and models stay on this machine"


def texts(adoption: Adoption) -> dict[str, str]:
    """Return the files that are to be written."""
    written = {item.file: item.text for item in adoption.proposals}
    return written if adoption.settings is None else {**written, SETTINGS: adoption.settings}


def adopt(repo: Repository, adoption: Adoption, say: Say) -> list[str]:
    """Write what was proposed; nothing that exists is touched.

    Returns:
        The files that were written.
    """
    assert repo.root is not None
    written = texts(adoption)
    for file, text in written.items():
        with (repo.root / file).open("x", encoding="utf-8") as out:
            out.write(text)
        say(f"written: {file}")
    for file in adoption.kept:
        say(f"kept as it was: {file}")
    return [*written]


def explain(adoption: Adoption) -> Iterator[str]:
    """Yield what was guessed and why, what is left to fill in, and what else the user should know."""
    for item in adoption.proposals:
        yield f"{item.file}, from {item.pipeline.file}:"
        for part in item.parts:
            if part.value is not None:
                yield clean(
                    f"  {one_key({part.key: part.value}).rstrip()}" + (f"  ({part.why})" if part.why else "")
                )
                yield from (clean(f"      or {in_short(other)}") for other in part.others)
        lacking = [
            (part.key, part.lacking or part.why) for part in item.parts if part.value is None or part.lacking
        ]
        yield from (clean(f"  to fill in: {key}: {why}") for key, why in lacking)
    yield from (clean(f"note: {remark}") for remark in adoption.remarks)
