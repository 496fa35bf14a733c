"""When an environment wanted a version, and what went wrong then: from the states of its branch."""

from dataclasses import replace
from datetime import UTC, datetime

from gitmodel.errors import InvalidFile
from gitmodel.git.commits import Commit
from gitmodel.registry.desired import Desired, Hold, parse_desired
from gitmodel.registry.environments import file_name, plain_version
from gitmodel.registry.versions import Version
from gitmodel.reports.lineage import Incident, Stay


class History:
    """The states of a model in one environment, taken one after the other, the oldest first."""

    def __init__(self, env: str, version: Version) -> None:
        self.env = env
        self.version = version
        self.stays: list[Stay] = []
        self.incidents: list[Incident] = []
        self.unknown: list[str] = []
        self._number: str | None = None
        self._hold: Hold | None = None

    def take(self, commit: Commit, text: bytes) -> None:
        """Take the next state; it is read whole only where it may be about this version."""
        wanted, number = self.version.version, plain_version(text)
        if number is not None and wanted not in {number, self._number}:
            self._number, self._hold = number, None
            return
        try:
            after = parse_desired(self.version.model, text)
        except InvalidFile:
            self.unknown.append(
                f"{self.env} at {commit.oid.short}: {file_name(self.version.model)} is broken"
            )
            return
        if after.version == wanted and self._number != wanted:
            self._begin(commit, after)
        elif after.version != wanted and self._number == wanted:
            self._end(commit, after)
        elif after.version == wanted:
            self._stay(commit, after)
        self._number, self._hold = after.version, after.hold

    def _begin(self, commit: Commit, after: Desired) -> None:
        promoted = after.promoted
        gates: tuple[object, ...] = promoted.gates if promoted else ()  # a person may have written them
        returned = after.hold is not None and after.hold.bad_version == self._number and bool(self._number)
        self.stays.append(
            Stay(
                self.env,
                "rollback" if returned else "promote",
                promoted.at if promoted else _utc(commit),
                promoted.by if promoted else commit.author,
                commit.oid,
                self._number or (promoted.previous if promoted else None),
                promoted.reason if promoted else None,
                tuple(gate for gate in gates if isinstance(gate, dict)),
            )
        )
        if after.object and after.object != self.version.object:
            self.unknown.append(
                f"{self.env} at {commit.oid.short} names another tag object as {self.version.tag}: "
                f"{str(after.object)[:8]}, and not {self.version.model_id}"
            )

    def _end(self, commit: Commit, after: Desired) -> None:
        at = after.promoted.at if after.promoted else _utc(commit)
        self.stays[-1:] = [replace(stay, until=at, successor=after.version) for stay in self.stays[-1:]]
        self._lift(at)
        hold = after.hold
        if hold and hold.bad_version == self.version.version and hold != self._hold:
            to = f"to v{after.version}: " if after.version else ""
            self.incidents.append(Incident(self.env, "rollback", hold.at, hold.by, f"{to}{hold.reason}"))

    def _stay(self, commit: Commit, after: Desired) -> None:
        if after.hold and after.hold != self._hold:
            hold = after.hold
            self.incidents.append(Incident(self.env, "hold", hold.at, hold.by, hold.reason))
        elif after.hold is None and self._hold is not None:
            self._lift(_utc(commit))

    def _lift(self, at: str) -> None:
        if self.incidents and self.incidents[-1].kind == "hold" and self.incidents[-1].until is None:
            self.incidents[-1] = replace(self.incidents[-1], until=at)


def _utc(commit: Commit) -> str:
    """Return the date of a commit as promotions write theirs."""
    return datetime.fromisoformat(commit.date).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
