"""The notebook of a training that failed: what happened, its inputs at hand, what differs from a good run."""

import json
from collections.abc import Sequence
from typing import Any

from gitmodel.notebooks.cells import code, fenced, inline, markdown, notebook, parameters, plain_text
from gitmodel.notebooks.failures import Failure

_BEGINS = "Traceback (most recent call last)"
_GOES_ON = ("During handling of", "The above exception", _BEGINS)
_TABLES = (".parquet", ".pq", ".csv", ".csv.gz", ".tsv", ".jsonl", ".ndjson", ".json")
_SHOWN = 6  # tables
_LINES = 200  # of the log
_CODE = "its inputs, loaded: data frames, values of JSON and YAML, and the path of anything else"


def failure_notebook(failure: Failure, *, repository: str, executed: bytes | None = None) -> bytes:
    """Return the notebook of a failure.

    Args:
        failure: The failure.
        repository: Where the notebook will find the repository, as a path from its own folder.
        executed: The notebook that the failed stage ran, as far as it came.
    """
    cells = [*_story(failure, executed), *_work(failure, repository)]
    return notebook(cells, failure=failure.id, model=failure.model, commit=failure.commit)


def _story(failure: Failure, executed: bytes | None) -> list[dict[str, Any]]:
    where = f", in the stage {inline(failure.stage)}" if failure.stage else ""
    cells = [
        markdown(
            f"# {failure.model}: the training failed",
            f"At commit {inline(failure.commit[:10])}{where}, {inline(failure.at)}.",
            fenced("\n".join(filter(None, (failure.message, failure.detail)))),
        )
    ]
    if failure.command:
        place = f"Run in the folder {inline(failure.folder)}:" if failure.folder else ""
        cells.append(markdown("## The command", place, fenced(failure.command)))
    trace = notebook_error(executed) if executed else traceback_of(failure.log)
    if trace:
        cells.append(markdown("## The traceback", fenced(trace)))
    if executed:
        cells.append(
            markdown(f"The notebook as far as it came is {inline(executed_name(failure))}, beside this one.")
        )
    if failure.log:
        cells.append(markdown("## The end of the log", fenced("\n".join(failure.log[-_LINES:]))))
    return cells


def executed_name(failure: Failure) -> str:
    """Return the name that the executed copy of a failed notebook has beside the failure's."""
    return f"executed-{failure.id}.ipynb"


def _work(failure: Failure, repository: str) -> list[dict[str, Any]]:
    cells = [
        markdown(
            "## Its inputs",
            "The commit with the data that the stage read, in a folder beside this notebook. What stages "
            "before it made comes from DVC's cache, or is made again.",
        ),
        parameters(
            {
                "repository": repository,
                "model": failure.model,
                "commit": failure.commit,
                "stage": _stage(failure),
            }
        ),
        code(
            "import gitmodel",
            "",
            "failure = gitmodel.open(repository).failure(model, commit, stage)",
            "folder = failure.checkout()",
            "folder",
        ),
    ]
    if failure.stage:
        cells.append(code(f"inputs = failure.inputs()  # {_CODE}", "list(inputs)"))
        cells += [code(f"inputs[{path!r}].head()") for path in failure.inputs if path.endswith(_TABLES[:-1])][
            :_SHOWN
        ]
        cells.append(code("failure.parameters"))
    cells += [
        markdown("## What differs from the last good run"),
        code("print(failure.before or 'there is no good run before')", "failure.changes()"),
        code("print(failure.difference())"),
        markdown(
            "## Go on",
            "Change what is in `folder`, then run the command again there." if failure.command else "",
        ),
        code("# failure.run()") if failure.command else code(),
    ]
    return cells


def _stage(failure: Failure) -> dict[str, Any]:
    """Return what the notebook must know of the stage, as plain values: it may be opened elsewhere."""
    known = {
        "name": failure.stage,
        "command": failure.command,
        "folder": failure.folder,
        "inputs": failure.inputs,
        "parameters": failure.parameters,
    }
    plain: dict[str, Any] = json.loads(json.dumps(known, default=str))
    return plain


def traceback_of(log: Sequence[str]) -> str:
    """Return the last traceback of Python in a log; "" where there is none."""
    lines = [plain_text(line) for line in log]
    begins = [at for at, line in enumerate(lines) if _BEGINS in line]
    if not begins:
        return ""
    at = begins[-1]
    while any(line.startswith(_GOES_ON) for line in lines[max(0, at - 3) : at]) and len(begins) > 1:
        begins.pop()  # the one before led to it
        at = begins[-1]
    end = at + 1
    while end < len(lines) and (not lines[end].strip() or lines[end][0].isspace() or _chained(lines, end)):
        end += 1
    return "\n".join(lines[at : end + 1]).rstrip()


def _chained(lines: Sequence[str], at: int) -> bool:
    """Say whether an error's own line is followed by a further traceback, or begins one."""
    return any(line.startswith(_GOES_ON) for line in lines[at : at + 4])


def notebook_error(content: bytes) -> str:
    """Return the traceback of the cell that failed in an executed notebook; "" where none has."""
    try:
        cells = json.loads(content)["cells"]
        outputs = [output for cell in cells for output in cell.get("outputs", ())]
        errors = [output for output in outputs if output.get("output_type") == "error"]
        return "\n".join(map(str, errors[0]["traceback"])) if errors else ""
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return ""
