"""What should run in an environment: the files of its branch.

The round trip law: ``parse_desired(model, format_desired(d)) == d``.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gitmodel.errors import InvalidFile
from gitmodel.git.objects import list_files, read_files
from gitmodel.git.repository import Repository
from gitmodel.git.values import Oid
from gitmodel.registry.environments import env_tip, file_name, models_in


@dataclass(frozen=True)
class Promoted:
    """Who put the version there, when, instead of which, and what the gates said."""

    by: str
    at: str
    previous: str | None = None
    gates: tuple[dict[str, Any], ...] = ()
    reason: str | None = None

    @property
    def moment(self) -> datetime | None:
        """When, as a time; ``None`` where a person has written none."""
        try:
            found = datetime.fromisoformat(self.at)
        except ValueError:
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Hold:
    """Automation promotes nothing while there is one."""

    by: str
    at: str
    reason: str
    bad_version: str | None = None


@dataclass(frozen=True)
class Desired:
    """What should run of one model; no version: nothing yet, but there may be a hold."""

    model: str
    version: str | None = None
    tag: str | None = None
    object: str | None = None
    artifact_sha256: str | None = None
    strategy: dict[str, Any] = field(default_factory=dict)
    promoted: Promoted | None = None
    hold: Hold | None = None

    @property
    def is_bad(self) -> bool:
        """Say whether the version is held because it could not be deployed, with nothing to go back to."""
        return self.hold is not None and self.version is not None and self.hold.bad_version == self.version

    @property
    def is_rollback(self) -> bool:
        """Say whether it is there in place of a bad version."""
        bad = self.hold.bad_version if self.hold else None
        return bad is not None and self.promoted is not None and self.promoted.previous == bad != self.version


def read_desired(repo: Repository, env: str, tip: Oid | None = None) -> dict[str, Desired]:
    """Return what should run in an environment, by model.

    Args:
        repo: Where to look.
        env: Name of the environment.
        tip: A commit of its branch; default: the newest that this copy knows.

    Raises:
        InvalidFile: If a file of the branch is not valid.
    """
    rev = tip or env_tip(repo, env)
    if rev is None:
        return {}
    models = models_in(list_files(repo, rev))
    texts = read_files(repo, rev, models)
    return {model: parse_desired(model, texts[path] or b"") for path, model in models.items()}


def format_desired(desired: Desired) -> bytes:
    """Write the file of a model."""
    import yaml

    document: dict[str, Any] = {
        "version": desired.version,
        "tag": desired.tag,
        "object": desired.object,
        "artifact": {"sha256": desired.artifact_sha256} if desired.artifact_sha256 else None,
        "strategy": dict(desired.strategy) or None,
        "promoted": _document(desired.promoted, {"previous": "from"}),
        "hold": _document(desired.hold, {}),
    }
    present = {key: value for key, value in document.items() if value is not None}
    return yaml.safe_dump(present, sort_keys=False, allow_unicode=True).encode()


def _document(value: Promoted | Hold | None, names: dict[str, str]) -> dict[str, Any] | None:
    if value is None:
        return None
    pairs = ((names.get(key, key), item) for key, item in vars(value).items())
    return {
        key: list(item) if isinstance(item, tuple) else item for key, item in pairs if item not in (None, ())
    }


def parse_desired(model: str, text: bytes) -> Desired:
    """Read the file of a model.

    Raises:
        InvalidFile: If it is not what `format_desired` writes.
    """
    import yaml

    try:
        document = yaml.safe_load(text) or {}
        promoted, hold = document.get("promoted"), document.get("hold")
        version = document.get("version")
        return Desired(
            model,
            None if version is None else str(version),
            document.get("tag"),
            document.get("object"),
            (document.get("artifact") or {}).get("sha256"),
            dict(document.get("strategy") or {}),
            _promoted(promoted) if promoted else None,
            Hold(str(hold["by"]), str(hold["at"]), str(hold["reason"]), hold.get("bad_version"))
            if hold
            else None,
        )
    except (yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidFile(f"{file_name(model)} of the environment is not valid: {error}") from error


def _promoted(document: dict[str, Any]) -> Promoted:
    return Promoted(
        str(document["by"]),
        str(document["at"]),
        document.get("from"),
        tuple(document.get("gates") or ()),
        document.get("reason"),
    )
