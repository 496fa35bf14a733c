"""The deployments of an environment, and what ran there when, as text."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gitmodel.reports.table import align
from gitmodel.reports.terminal import Colours, clean

COLOURS: Colours = (
    (r"  (deployed|mended|unchanged)(?=  |$)", "green"),
    (r"  (failed)(?=  |$)", "red"),
    (r"  (removed)(?=  |$)", "yellow"),
)


def deployments_text(documents: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line a deployment, and below it what was said of it.

    Args:
        documents: As the notes have them, each with its ``commit``.
    """
    head = ("AT (UTC)", "MODEL", "VERSION", "FROM", "OUTCOME", "SECONDS", "HOSTS", "BY", "COMMIT")
    rows = [tuple(map(clean, _cells(each))) for each in documents]
    table = align([head, *rows])
    lines = table[:1]
    for line, document in zip(table[1:], documents, strict=True):
        lines += [line, *(f"    {clean(note)}" for note in _notes(document))]
    return lines


def _cells(found: Mapping[str, Any]) -> tuple[str, ...]:
    at, hosts = plain(found["at"]), found.get("hosts", [])
    before = found.get("from", "")
    well = sum(host.get("outcome") in ("ok", "changed") for host in hosts)
    return (
        at,
        found["model"],
        f"v{found['version']}",
        f"v{before}" if before and before != found["version"] else "-",
        found["outcome"],
        f"{found['seconds']:g}",
        f"{well}/{len(hosts)}" if hosts else "-",
        found["by"],
        found["commit"][:7],
    )


def _notes(found: Mapping[str, Any]) -> Iterator[str]:
    if found.get("reason"):
        yield str(found["reason"])
    if found.get("override"):
        yield f"although nothing was to be rolled out: {found['override']}"
    for host in found.get("hosts", []):
        if host.get("outcome") not in ("ok", "changed"):
            yield f"{host['host']}: {host['outcome']} {host.get('words', '')}".rstrip()


def ran_text(documents: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line a version that ran."""
    head = ("MODEL", "VERSION", "SINCE (UTC)", "UNTIL (UTC)", "BY")
    rows = [
        (
            each["model"],
            f"v{each['version']}",
            plain(each["since"]),
            plain(each["until"]) if each["until"] else "now",
            each["by"],
        )
        for each in documents
    ]
    return align([head, *(tuple(map(clean, row)) for row in rows)])


def plain(moment: str) -> str:
    """Return a time for people."""
    return moment.replace("T", " ").removesuffix("Z")
