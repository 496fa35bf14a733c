"""Rows from files, predicted in this process."""

import json
from pathlib import Path

import pytest

from gitmodel.errors import InvalidFile
from gitmodel.packaging import Package, load_packaged, predict, read_rows

CSV = "funded amount,term,grade,owner,income\n900.5,3,A,true,\n10,7.0,B,no,0.5\n"
ROWS = [
    {"funded amount": 900.5, "term": 3, "grade": "A", "owner": True, "income": None},
    {"funded amount": 10.0, "term": 7, "grade": "B", "owner": False, "income": 0.5},
]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rows.csv", CSV.replace("7.0", "7")),
        ("rows.csv", "\ufeff" + CSV.replace("7.0", "7")),
        ("rows.json", json.dumps(ROWS)),
        ("rows.json", "\n".join(map(json.dumps, ROWS)) + "\n"),
        ("rows.jsonl", "\n".join(map(json.dumps, ROWS))),
    ],
)
def test_every_format_gives_the_same_rows(package: Package, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert read_rows(tmp_path / name, package.signature) == ROWS


def test_one_object_is_one_row(package: Package, tmp_path: Path) -> None:
    (tmp_path / "row.json").write_text(json.dumps(ROWS[0]))
    assert read_rows(tmp_path / "row.json", package.signature) == ROWS[:1]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "r.csv",
            "funded amount,term,grade,owner,income\n1,two,A,yes,1\n",
            "row 0, term: must be a valid integer, not 'two'",
        ),
        ("r.csv", "funded amount,term,grade,owner\n1,2,A,yes\n", "row 0, income: is missing"),
        (
            "r.csv",
            "funded amount,term,grade,owner,income\n1,2,A,yes,1,9\n",
            r"row 0, \(beyond the header\): is not a field",
        ),
        ("r.json", "[{}]", "row 0, funded amount: is missing"),
        ("r.json", "{broken", "is not JSON"),
        ("r.json", "", "holds no rows"),
        ("r.json", "5", "must be an object of the model's fields, not 5"),
    ],
)
def test_wrong_files_name_row_and_field(
    package: Package, tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InvalidFile, match=message):
        read_rows(tmp_path / name, package.signature)


def test_a_file_that_cannot_be_read(package: Package, tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="cannot be read"):
        read_rows(tmp_path / "nothing.json", package.signature)


def test_predictions_are_what_the_service_answers(package: Package) -> None:
    rows = [row["input"] for row in package.smoke]
    assert predict(load_packaged(package), package.signature, rows) == [
        row["output"] for row in package.smoke
    ]
