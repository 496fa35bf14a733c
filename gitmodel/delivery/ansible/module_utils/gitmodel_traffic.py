"""What the router counted of each version: POST requests by status, and how long they took.

Its own figures are exact for each version, and hold what a service cannot tell of itself: requests that
nobody answered. They count copies, too, which a mirror sends to a shadow.
"""

import http.client
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .gitmodel_layout import Layout, Program
from .gitmodel_probe import ask
from .gitmodel_router import BUCKETS, figures_port
from .gitmodel_routes import service_name

_BUCKET = "traefik_service_request_duration_seconds_bucket{"
_RELOADS = "traefik_config_reloads_total "
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_FAILED = 400


@dataclass(frozen=True)
class Traffic:
    """Requests of one version: how many failed (4xx and 5xx), and how many took how long.

    ``buckets`` has one count more than `BUCKETS`: those that took longer than the last.
    """

    failed: int = 0
    buckets: tuple[int, ...] = (0,) * (len(BUCKETS) + 1)

    @property
    def requests(self) -> int:
        """All of them."""
        return sum(self.buckets)

    def since(self, before: "Traffic") -> "Traffic":
        """Return what came after ``before``; all, where the router was started anew and counts from 0."""
        rest = tuple(now - then for now, then in zip(self.buckets, before.buckets, strict=True))
        failed = self.failed - before.failed
        return self if failed < 0 or min(rest) < 0 else Traffic(failed, rest)

    def as_json(self) -> dict[str, Any]:
        """Return the counts; `parse_traffic` is the inverse."""
        return {"failed": self.failed, "buckets": list(self.buckets)}


def parse_traffic(fields: Mapping[str, Any]) -> Traffic:
    """Return the counts that fields describe."""
    return Traffic(int(fields["failed"]), tuple(map(int, fields["buckets"])))


def read_traffic(text: str, programs: Iterable[Program]) -> dict[Program, Traffic]:
    """Return what the router's figures say of programs.

    Args:
        text: The figures, in the format of Prometheus.
        programs: Of whom.
    """
    by_name = {f"{service_name(program)}@file": program for program in programs}
    failed = dict.fromkeys(by_name.values(), 0)
    below = {program: dict[float, int]() for program in by_name.values()}
    for labels, count in _buckets(text):
        program = by_name.get(labels.get("service", ""))
        if program is None or labels.get("method") != "POST":
            continue
        bound = float(labels["le"])
        below[program][bound] = below[program].get(bound, 0) + count
        if bound == float("inf") and int(labels["code"]) >= _FAILED:
            failed[program] += count
    return {program: Traffic(failed[program], _each(below[program])) for program in below}


def _buckets(text: str) -> Iterator[tuple[dict[str, str], int]]:
    for row in text.splitlines():
        if row.startswith(_BUCKET):
            labels, _, value = row.rpartition(" ")
            yield dict(_LABEL.findall(labels)), int(float(value))


def _each(below: Mapping[float, int]) -> tuple[int, ...]:
    """Return counts of each bucket from counts of all up to it."""
    so_far = [below.get(bound, 0) for bound in (*BUCKETS, float("inf"))]
    return tuple(now - then for now, then in zip(so_far, (0, *so_far[:-1]), strict=True))


def reloads(layout: Layout) -> "int | None":
    """Return how often the router has read its files; ``None``: it does not tell."""
    row = next((row for row in figures(layout).splitlines() if row.startswith(_RELOADS)), None)
    return None if row is None else int(float(row.rpartition(" ")[2]))


def figures(layout: Layout) -> str:
    """Return what the router tells; "" where it does not answer."""
    port = figures_port(layout)
    answer = ask("127.0.0.1", port, "/metrics") if port else None
    if answer is None or answer[0] != http.client.OK:
        return ""
    return answer[1].decode("utf-8", "replace")
