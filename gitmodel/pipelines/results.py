"""What a job leaves for those after it: one small file a model, in a folder that the forge carries over."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gitmodel.errors import InvalidFile
from gitmodel.registry.names import model_key

_LIMIT = 1024 * 1024  # bytes of a file


@dataclass(frozen=True)
class Result:
    """What a job made of one model.

    Attributes:
        model: Name of the model.
        commit: The commit that was trained.
        run: The commit that holds the result; empty where training failed.
        digest: Of the inputs.
        version: The version that was registered, such as ``credit-risk:4``; empty where none was.
        failure: Why there is no result.
        log: The last lines of a failure.
        notebook: The name of the notebook that looks into the failure, in the folder ``notebooks``.
        review: What the change does to the model, as the JSON of a report of this model alone.
    """

    model: str
    commit: str
    run: str = ""
    digest: str = ""
    version: str = ""
    failure: str = ""
    log: tuple[str, ...] = ()
    notebook: str = ""
    review: str = ""


def write_result(folder: Path, result: Result) -> None:
    """Write a result, in the place of an earlier one of that model."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / _file_name(result.model)
    part = file.with_name(f".{file.name}.part")
    part.write_text(json.dumps(asdict(result), indent=1) + "\n", "utf-8")
    part.replace(file)


def read_results(folder: Path) -> dict[str, Result]:
    """Return the results in a folder, by model; none where there is no folder.

    Raises:
        InvalidFile: If a file is not what `write_result` writes.
    """
    found = (_parse(file) for file in sorted(folder.rglob("*.json")) if not file.is_symlink())
    return {result.model: result for result in found}


def _parse(file: Path) -> Result:
    try:
        with file.open("rb") as stream:
            document: Any = json.loads(stream.read(_LIMIT))
        log = tuple(str(line) for line in document.pop("log", ()))
        return Result(**{key: str(value) for key, value in document.items()}, log=log)
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidFile(
            f"{file.name} is not the result of a job: {error}", hint="run the pipeline again"
        ) from error


def _file_name(model: str) -> str:
    """Return a name for a model's file; a model has no dot in its name, but may have slashes."""
    return f"{model_key(model)}.json"
