"""The plots that a dvc.yaml declares, in each of the forms that DVC knows."""

import pytest

from gitmodel.errors import InvalidFile
from gitmodel.spec.dvc_plots import DeclaredPlot, declared_plots

STAGES = {
    "train": {
        "wdir": "work",
        "plots": ["roc.csv", {"confusion.csv": {"template": "confusion", "x": "actual", "cache": False}}],
    },
    "evaluate": {"plots": [{"loss.json": None}]},
}


def test_stages_name_files_relative_to_where_they_run() -> None:
    assert declared_plots({"stages": STAGES}) == [
        DeclaredPlot("work/roc.csv", ("work/roc.csv",)),
        DeclaredPlot("work/confusion.csv", ("work/confusion.csv",), {"template": "confusion", "x": "actual"}),
        DeclaredPlot("loss.json", ("loss.json",)),
    ]


def test_the_top_level_draws_from_several_files_and_comes_first() -> None:
    top = [
        {"Curves": {"x": "fpr", "y": {"./work/roc.csv": "tpr", "b.csv": ["tpr", "best"]}, "title": "ROC"}},
        "images",
    ]
    curves, images, *rest = declared_plots({"plots": top, "stages": STAGES})
    assert curves.name == "Curves"
    assert curves.files == ("work/roc.csv", "b.csv")
    assert curves.properties["y"] == {"work/roc.csv": "tpr", "b.csv": ["tpr", "best"]}
    assert images == DeclaredPlot("images", ("images",))
    assert [plot.name for plot in rest] == ["work/confusion.csv", "loss.json"]  # roc.csv is shown already


def test_the_top_level_counts_where_a_stage_says_otherwise() -> None:
    (found,) = declared_plots(
        {
            "plots": {"a.csv": {"title": "Top"}},
            "stages": {"s": {"plots": [{"a.csv": {"title": "Stage"}}]}},
        }
    )
    assert found.properties == {"title": "Top"}


@pytest.mark.parametrize("document", [None, [], {"plots": 3}, {"stages": {"s": None}}, {"plots": [None, 4]}])
def test_what_declares_none_has_none(document: object) -> None:
    assert declared_plots(document) == []


@pytest.mark.parametrize("path", ["/etc/passwd", "../other.csv", "a/../../b.csv", "~/x.csv"])
def test_paths_stay_in_the_folder(path: str) -> None:
    with pytest.raises(InvalidFile):
        declared_plots({"plots": [path]})
    with pytest.raises(InvalidFile):
        declared_plots({"plots": [{"id": {"y": {path: "y"}}}]})
