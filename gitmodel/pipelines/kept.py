"""Reviews that were made before: asking again costs no scoring as long as no ref has moved."""

import hashlib
from contextlib import suppress
from pathlib import Path

from gitmodel import __version__
from gitmodel.errors import InvalidFile
from gitmodel.git.refs import default_rev
from gitmodel.git.repository import Repository
from gitmodel.pipelines.plan import Touched
from gitmodel.registry.names import model_key
from gitmodel.reports.review.document import ModelReview, Review, parse_review
from gitmodel.reports.review.writing import compact


def state_of(repo: Repository, base: str | None, head: str) -> str:
    """Return a digest of all that a review is made of: both ends, and every ref.

    Versions, results, environments and notes are all refs, so nothing else needs to be looked at.
    """
    refs = repo.git("for-each-ref", "--format=%(objectname) %(refname)")
    return _digest(__version__, str(base), head, str(default_rev(repo)), refs)


def kept(repo: Repository, item: Touched, state: str) -> ModelReview | None:
    """Return the review of a model in this state, if it was kept."""
    with suppress(OSError, InvalidFile):
        line, _, text = _file(repo, item).read_bytes().partition(b"\n")
        if line.decode("ascii", "replace") == _digest(state, item.spec.name, item.reason):
            return parse_review(text).models[0]
    return None


def keep(repo: Repository, item: Touched, state: str, head: str, review: ModelReview) -> None:
    """Keep the review of a model, in the place of an earlier one; that it cannot be is no matter."""
    file = _file(repo, item)
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f".{file.name}.part")
        line = _digest(state, item.spec.name, item.reason).encode()
        part.write_bytes(line + b"\n" + compact(Review("", head, (review,))))
        part.replace(file)


def _file(repo: Repository, item: Touched) -> Path:
    return repo.state / "reviews" / f"{model_key(item.spec.name)}.json"


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "surrogateescape")).hexdigest()
