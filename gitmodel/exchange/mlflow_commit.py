"""The commit of a version that came from MLflow: on no branch, with what is known of it as files."""

import json
import posixpath
from dataclasses import dataclass
from typing import Any

from gitmodel.exchange.marks import TRAILER, Mark, format_mark, sound
from gitmodel.exchange.mlflow_model import SavedModel
from gitmodel.exchange.mlflow_store import StoredModel, StoredRun, StoredVersion
from gitmodel.git.commits import commit_files
from gitmodel.git.objects import read_files
from gitmodel.git.refs import default_branch, resolve
from gitmodel.git.repository import Repository
from gitmodel.git.trailers import Message, format_message
from gitmodel.git.values import Oid
from gitmodel.metrics.records import utc
from gitmodel.spec import load_repository
from gitmodel.spec.dvc_yaml import PIPELINE
from gitmodel.spec.repository import FILE
from gitmodel.training.keeping import KeptFolder

FOLDER = "mlflow"  # of MLflow's own files, beside the model.yaml
_ROW = "input.json"
_DVC_FILES = (".dvc/config", ".dvc/.gitignore", ".dvcignore")
_DVC_IGNORED = b"/config.local\n/tmp\n/cache\n"


@dataclass(frozen=True)
class Told:
    """What MLflow tells of a version; ``saved`` and ``kept`` are ``None`` where its files are gone."""

    name: str
    model: StoredModel
    version: StoredVersion
    run: StoredRun
    saved: SavedModel | None
    kept: KeptFolder | None

    @property
    def place(self) -> str:
        """The folder of the model in the commit."""
        return version_folder(self.name)


def version_folder(model: str) -> str:
    """Return the folder of a model in the commit of an imported version."""
    return f"models/{model.replace('/', '-')}"


def write_commit(repo: Repository, told: Told, mark: Mark) -> Oid:
    """Store what is known of a version as a commit that is on no branch.

    Args:
        repo: Where to store it.
        told: The version.
        mark: What names it in MLflow.
    """
    saved, kept = told.saved, told.kept
    files: dict[str, bytes | None] = {
        **_settings(repo),
        f"{told.place}/model.yaml": _model_file(told),
        f"{told.place}/{FOLDER}.json": _said(told),
    }
    if kept:
        files[f"{told.place}/{FOLDER}.dvc"] = kept.pointer(FOLDER)
        files[f"{told.place}/.gitignore"] = f"/{FOLDER}\n".encode()
    if saved:
        files[PIPELINE] = _declaration(told, saved)
    if saved and saved.row:
        files[f"{told.place}/{_ROW}"] = f"{json.dumps(saved.row, indent=2)}\n".encode()
    subject = f"Import {told.name} from MLflow"
    message = format_message(Message(subject, "", {TRAILER: format_mark(mark)}))
    at = told.version.created // 1000
    return commit_files(repo, parent=None, changes=files, message=message, at=at)


def _declaration(told: Told, saved: SavedModel) -> bytes:
    """Declare the artifact for `dvc artifacts get`."""
    import yaml

    path = posixpath.join(told.place, FOLDER, saved.main or "")
    artifact = {"path": path.rstrip("/"), "type": "model"}
    return yaml.safe_dump({"artifacts": {told.name: artifact}}, sort_keys=False).encode()


def _model_file(told: Told) -> bytes:
    """Write a model.yaml with which the version can be packaged and served."""
    import yaml

    saved = told.saved
    document: dict[str, Any] = {"name": told.name}
    if told.model.description.strip():
        document["description"] = sound(told.model.description).strip()
    if saved:
        path = f"{FOLDER}/{saved.main}" if saved.main else FOLDER
        document["artifact"] = {"path": path, "encoding": saved.encoding}
    if saved and saved.row:
        document["signature"] = {"input": _ROW}
    document["deploy"] = {"environments": []}  # no push of a version's tag runs it: a person decides
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True).encode()


def _said(told: Told) -> bytes:
    """Keep what MLflow says and a version here has no place for."""
    run = told.run
    document = {
        "model": {"name": told.model.name, "tags": told.model.tags},
        "version": {"number": told.version.number, "tags": told.version.tags},
        "run": {"id": run.id, "at": utc(run.at / 1000), "tags": run.tags},
    }
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)
    return f"{text}\n".encode("utf-8", "replace")


def settled(repo: Repository) -> Oid | None:
    """Return the commit whose settings hold: the tip of the default branch; ``None``: there is none yet."""
    return resolve(repo, default_branch(repo)) or resolve(repo, "HEAD")


def _settings(repo: Repository) -> dict[str, bytes | None]:
    """Return the files of the repository that say where DVC's data are and what artifacts may hold."""
    import yaml

    tip = settled(repo)
    load_repository(repo, tip)  # complains where it is not valid
    found = read_files(repo, tip, [*_DVC_FILES, FILE]) if tip else {}
    files = {path: content for path, content in found.items() if content is not None}
    files.setdefault(".dvc/config", b"")
    files.setdefault(".dvc/.gitignore", _DVC_IGNORED)
    settings = yaml.safe_load(files.pop(FILE, b"")) or {}
    settings.pop("models", None)  # this commit has one model, where it is by default
    if settings:
        files[FILE] = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True).encode()
    return dict(files)
