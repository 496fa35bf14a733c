"""Open a store of MLflow, without making one by a slip, reporting anything, or leaving a file behind."""

import logging
import os
from pathlib import Path
from urllib.parse import urlsplit

from gitmodel.errors import ToolFailed, UsageError
from gitmodel.exchange.mlflow_store import SQLITE, Store, local_path, told

# MLflow reads these from the environment alone: nothing is reported to its makers, stores of files open at
# all (they are no longer developed), and nothing is drawn on the terminal.
_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


def open_store(uri: str, *, create: bool = False) -> Store:
    """Open a store: a folder (``./mlruns``), a database (``sqlite:///mlflow.db``) or a server.

    Args:
        uri: Where it is.
        create: Whether to make it where there is none.

    Raises:
        UsageError: If it is not there, or MLflow is not installed.
        ToolFailed: If it cannot be opened.
    """
    address = _checked(uri, create=create)
    os.environ.update(_SETTINGS)
    try:
        import mlflow
        from sqlalchemy.exc import SQLAlchemyError  # noqa: F401 - says whether the database's part is there
    except ModuleNotFoundError as error:
        raise UsageError(
            f"MLflow's client is not installed (there is no module {error.name})",
            hint='install it: `pip install "gitmodel[mlflow]"`',
        ) from error
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # Its store of files asks the default client at some places, which would make a database where we are.
    mlflow.set_tracking_uri(address)
    mlflow.set_registry_uri(address)
    try:
        with told("could not open the store"):
            return Store(mlflow.MlflowClient(tracking_uri=address, registry_uri=address), address)
    except ToolFailed as error:
        raise ToolFailed(error.message, detail=_without_password(error.detail, uri)) from None


def _checked(uri: str, *, create: bool) -> str:
    """Return the address as MLflow takes it; a store that is missing is not made by a slip."""
    parts = urlsplit(uri)
    if parts.scheme == "sqlite":
        file = Path(uri.removeprefix(SQLITE))
        if not create and not file.is_file():
            raise UsageError(f"there is no database {file}", hint="sqlite:/// is followed by its path")
        return uri
    folder = local_path(uri)
    if folder is None:
        return uri
    if not create and not _is_store(folder):
        hint = "name the folder of a store (often mlruns), or its database as sqlite:///<path>"
        raise UsageError(f"{folder} is no store of MLflow", hint=hint)
    return folder.absolute().as_uri()


def _is_store(folder: Path) -> bool:
    return any((path / "meta.yaml").is_file() for path in folder.glob("*")) or (folder / "models").is_dir()


def _without_password(text: str, uri: str) -> str:
    """Take the password that an address may hold out of what is said of it."""
    password = urlsplit(uri).password
    return text.replace(password, "…") if password else text
