"""The plots of a report: from trained commits to pictures in its page."""

from dataclasses import replace
from pathlib import Path

from gitmodel.pipelines.picturing import pictures_of
from gitmodel.pipelines.reporting import review_change, write_files
from gitmodel.reports.review.document import parse_review
from gitmodel.reports.review.writing import compact, markdown
from tests.conftest import clone
from tests.reports.plots.painted import make_painted


def test_a_report_shows_the_plots_of_base_and_head(tmp_path: Path) -> None:
    repo, _ = make_painted(tmp_path)
    found = review_change(repo, "HEAD~1", "HEAD", say=lambda _: None)
    (model,) = found.models
    assert [plot.title for plot in model.plots] == ["ROC", "Confusion", "plots/tree.png", "loss.json"]
    assert [side.name for side in model.drawn] == [f"base {found.base[:8]}", "head"]
    assert parse_review(compact(found)) == found
    assert "| good | 0 → 0 | 45 → 22 |" in markdown(found)
    pictures = pictures_of(repo, found.models)
    write_files(found, tmp_path / "out", pictures)
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count('src="data:image/svg+xml;base64,') == 3
    assert page.count('src="data:image/png;base64,') == 2
    assert "img-src data:" in page
    other = clone(repo, tmp_path / "other")  # it has nowhere to take what DVC tracks from
    without = pictures_of(other, found.models)["tiny"]
    assert without.count("<img") == 1
    assert "plots/roc.csv (md5 " in without
    lost = replace(model, drawn=(replace(model.drawn[0], commit="0" * 40),))
    assert pictures_of(repo, [lost]) == {}
