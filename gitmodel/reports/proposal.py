"""What the pull requests say that pipelines open by themselves, in Markdown."""

from gitmodel.registry.versions import Version
from gitmodel.reports.markdown import plain
from gitmodel.reports.review.document import Review
from gitmodel.reports.review.writing import markdown


def proposal_text(subject: str, version: Version, found: Review, limit: int) -> str:
    """Return the text of a promotion that a person reviews, in at most ``limit`` characters."""
    begin = f"""\
{plain(subject)}: merging this deploys it, and reverting the merge rolls it back.

{plain(version.facts.subject)} (Model-ID `{version.model_id}`)

"""
    return begin + markdown(found, limit=limit - len(begin)) + "\n"


def retrained_text(found: Review, limit: int) -> str:
    """Return the text of a training by schedule that a person reviews, in at most ``limit`` characters."""
    names = ", ".join(plain(model.model) for model in found.models)
    begin = f"""\
The data of {names} were brought up to date and it was trained anew. \
Merging this releases the result; nothing is trained again.

"""
    return begin + markdown(found, limit=limit - len(begin)) + "\n"
