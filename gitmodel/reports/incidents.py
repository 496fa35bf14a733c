"""Incidents for people: what broke, and what was done about it."""

from collections.abc import Iterator, Mapping, Sequence

from gitmodel.reports.terminal import Colours, clean

COLOURS: Colours = ((r"^(incident \S+)", "yellow"), (r"(\bopen\b|stuck)", "red"))
_KIND_WIDTH = 11


def incidents_text(incidents: Sequence[Sequence[Mapping[str, str]]]) -> Iterator[str]:
    """Yield the lines of incidents, each a list of steps as mappings, in the order of time."""
    for number, steps in enumerate(incidents):
        first = steps[0]
        state = "resolved" if any(step["kind"] == "resolved" for step in steps) else "open"
        if number:
            yield ""
        yield clean(
            f"incident {first['incident']}  {state}  {first['model']} in {first['env']}: {first['condition']}"
        )
        for step in steps:
            result = _result(step)
            yield clean(
                f"  {step['at']}  v{step['version']}  {step['kind']:<{_KIND_WIDTH}} {result}{step['reason']}"
            )


def _result(step: Mapping[str, str]) -> str:
    if not step["result"]:
        return ""
    return f"{step['result']}: " if step["kind"] in ("told", "untold") else f"-> v{step['result']}: "
