"""The report as text, Markdown, HTML or JSON."""

import json
from collections.abc import Mapping, Sequence
from html import escape

from gitmodel.reports.html import page, table_html
from gitmodel.reports.markdown import plain, table
from gitmodel.reports.review.chart import mermaid, svg
from gitmodel.reports.review.document import ModelReview, Review, review_document
from gitmodel.reports.review.sections import MARKS, Section, sections, summary
from gitmodel.reports.table import align
from gitmodel.reports.terminal import Colours, clean, to_json

COLOURS: Colours = ((r"(✅|🟢 better)", "green"), (r"(❌|🔴 worse)", "red"), (r"(⚠️)", "yellow"))
_MANY = 6  # models from which on details are folded away


def write_review(review: Review, form: str, pictures: Mapping[str, str] | None = None) -> str:
    """Return the report as ``text``, ``markdown``, ``html`` or ``json``.

    Args:
        review: The report.
        form: Which.
        pictures: Fragments of HTML with the plots, by model; without them their tables are shown.
    """
    if form == "json":
        return to_json(review_document(review))
    if form == "html":
        return _html(review, pictures or {})
    return markdown(review) if form == "markdown" else "\n".join(text(review))


def text(review: Review) -> list[str]:
    """Return the report as lines for a terminal."""
    lines = [clean(summary(review))] if len(review.models) != 1 else []
    for model in review.models:
        lines += ["", *_text_model(model)] if lines else _text_model(model)
    lines += [f"{clean(name)} is gone: nothing follows for it" for name in review.gone]
    return lines


def _text_model(model: ModelReview) -> list[str]:
    lines = [f"{MARKS[model.verdict]} {clean(model.model)}: {clean(model.headline)}"]
    lines += [f"  {clean(line)}" for line in (*model.merge, f"looked at because {model.why}")]
    lines += [f"    {clean(line)}" for line in model.log]
    for section in sections(model):
        note = f" ({clean(model.rows)})" if section.title == "Metrics" and model.rows else ""
        rows = [tuple(map(clean, row)) for row in (section.head, *section.rows)]
        lines += ["", f"{clean(section.title)}{note}", *(f"  {line.rstrip()}" for line in align(rows))]
    return lines


def markdown(review: Review, *, limit: int | None = None, whole: str = "") -> str:
    """Return the report as Markdown.

    Args:
        review: The report.
        limit: Characters that a forge takes; what is too long loses the details of its models from the last
            on, then models from the last on. Verdicts and metrics go last.
        whole: Address of the whole report.
    """
    folded = len(review.models) > _MANY
    full = [_markdown_model(model, details=not folded, whole=whole) for model in review.models]
    short = [_markdown_model(model, details=False) for model in review.models]
    head, foot = _markdown_head(review), _markdown_foot(review)
    chosen = list(full)
    if limit is None or _length(head, chosen, foot) <= limit:
        return "\n\n".join(filter(None, [head, *chosen, foot]))
    where = f"[the whole report]({whole})" if whole else "the files of the job"
    note = f"*This is cut: the rest is in {where}.*"
    for at in reversed(range(len(chosen))):
        chosen[at] = short[at]
        if _length(head, [*chosen, note], foot) <= limit:
            return "\n\n".join([head, *chosen, note, foot])
    while chosen and _length(head, [*chosen, note], foot) > limit:
        chosen.pop()
    if _length(head, [*chosen, note], foot) > limit:
        head, foot = head.partition("\n")[0], ""
    return "\n\n".join(filter(None, [head, *chosen, note, foot]))[:limit]


def _length(head: str, parts: Sequence[str], foot: str) -> int:
    return len(head) + len(foot) + sum(len(part) + 2 for part in parts) + 2


def _markdown_head(review: Review) -> str:
    if len(review.models) == 1:
        return ""
    lines = [f"**{plain(summary(review))}**"]
    if review.models:
        rows = [
            [f"{MARKS[model.verdict]} {plain(model.model)}", plain(model.headline)] for model in review.models
        ]
        lines += ["", *table(["model", "verdict"], rows[:100])]
    return "\n".join(lines)


def _markdown_foot(review: Review) -> str:
    lines = [f"{plain(name)} is gone: nothing follows for it." for name in review.gone]
    base = f"{review.base[:10]} → " if review.base else ""
    return "\n\n".join([*lines, f"<sub>{base}{review.head[:10]}</sub>"])


def _markdown_model(model: ModelReview, *, details: bool, whole: str = "") -> str:
    lines = [f"### {MARKS[model.verdict]} {plain(model.model)}: {plain(model.headline, 1000)}", ""]
    lines += [f"- {plain(line)}" for line in model.merge]
    if model.failure:
        lines += ["", *_fenced(model.log)]
    for section in sections(model):
        if section.brief:
            lines += ["", *_markdown_section(section, model, title=section.title == "Gates")]
    if details:
        lines += _markdown_details(model)
        if model.notebooks and whole:
            which = "The notebook of the failure is" if model.failure else "The executed notebooks are"
            lines.insert(-1, f"{which} among the files of [the run]({whole}).\n")
        if model.plots and whole:
            lines.insert(
                -1, f"The plots are drawn in `report.html`, among the files of [the run]({whole}).\n"
            )
    return "\n".join(lines)


def _markdown_details(model: ModelReview) -> list[str]:
    lines = [""]
    chart = mermaid(model)
    if chart:
        lines += [*_folded(f"{plain(model.history_metric)} over versions", ["```mermaid", *chart, "```"])]
    for section in sections(model):
        if not section.brief:
            lines += _folded(plain(section.title), _markdown_section(section, model, title=False))
    return [*lines, f"<sub>looked at because {plain(model.why)}</sub>"]


def _folded(title: str, lines: Sequence[str]) -> list[str]:
    return [f"<details><summary>{title}</summary>", "", *lines, "", "</details>", ""]


def _markdown_section(section: Section, model: ModelReview, *, title: bool) -> list[str]:
    rows = [[plain(cell) for cell in row] for row in section.rows]
    lines = table([plain(cell) or " " for cell in section.head], rows, section.numbers)
    if section.title == "Metrics" and model.rows:
        lines += ["", f"<sub>{plain(model.rows)}</sub>"]
    return [f"**{section.title}**", "", *lines] if title else lines


def _fenced(log: Sequence[str]) -> list[str]:
    """Return lines as a block of code that none of them can end."""
    longest = max((len(line) for line in log if set(line.strip()) == {"`"}), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *(clean(line) for line in log), fence] if log else []


def _html(review: Review, pictures: Mapping[str, str]) -> str:
    title = summary(review)
    parts = [
        f"<h1>{escape(title)}</h1>" if len(review.models) != 1 else "",
        *(_html_model(model, pictures.get(model.model, "")) for model in review.models),
        *(f"<p>{escape(clean(name))} is gone: nothing follows for it.</p>" for name in review.gone),
        f"<p><small>{escape(review.base[:10])} → {escape(review.head[:10])}</small></p>",
    ]
    return page(title, parts)


def _html_model(model: ModelReview, pictures: str) -> str:
    parts = [f"<h2>{MARKS[model.verdict]} {escape(clean(model.model))}: {escape(clean(model.headline))}</h2>"]
    merge = "".join(f"<li>{escape(clean(line))}</li>" for line in model.merge)
    parts += [f"<ul>{merge}</ul>"] if merge else []
    if model.log:
        parts.append(f"<pre>{escape(chr(10).join(map(clean, model.log)))}</pre>")
    for section in sections(model):
        if section.plot and pictures:
            continue
        note = f" <small>{escape(clean(model.rows))}</small>" if section.title == "Metrics" else ""
        parts += [
            f"<h3>{escape(clean(section.title))}{note}</h3>",
            table_html(section.head, section.rows, section.numbers),
        ]
        if section.title == "Gates" and model.history:
            parts += [f"<h3>{escape(clean(model.history_metric))} over versions</h3>", svg(model)]
    if pictures:
        parts += ["<h3>Plots</h3>", pictures]
    parts.append(f"<p><small>looked at because {escape(clean(model.why))}</small></p>")
    return "\n".join(parts)


def compact(review: Review) -> bytes:
    """Return the JSON that one job leaves for another."""
    return json.dumps(review_document(review), ensure_ascii=True).encode()
