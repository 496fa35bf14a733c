"""Labelled rows from files."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from gitmodel.errors import InvalidFile
from gitmodel.evaluation import load_dataset, read_frame

FRAME = pd.DataFrame({"amount": [1.5, 2.5, None], "kind": ["a", "b", "a"], "bad": ["yes", "no", "no"]})


def _lines(frame: pd.DataFrame, path: Path) -> None:
    frame.to_json(path, orient="records", lines=True)


def _array(frame: pd.DataFrame, path: Path) -> None:
    frame.to_json(path, orient="records")


def _parquet(frame: pd.DataFrame, path: Path) -> None:
    frame.to_parquet(path)


def _csv(frame: pd.DataFrame, path: Path) -> None:
    frame.to_csv(path, index=False)


def _tsv(frame: pd.DataFrame, path: Path) -> None:
    frame.to_csv(path, index=False, sep="\t")


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.parquet", _parquet),
        ("a.csv", _csv),
        ("a.csv.gz", _csv),
        ("a.tsv", _tsv),
        ("a.jsonl", _lines),
        ("a.json", _array),
    ],
)
def test_each_format_gives_the_same_rows(
    tmp_path: Path, name: str, write: Callable[[pd.DataFrame, Path], None]
) -> None:
    path = tmp_path / name
    write(FRAME, path)
    data = load_dataset(path, "bad")
    assert data.rows == 3
    assert list(data.frame.columns) == ["amount", "kind"]
    assert data.labels.tolist() == ["yes", "no", "no"]
    assert data.name == name
    assert data.md5 == hashlib.md5(path.read_bytes()).hexdigest()
    pd.testing.assert_frame_equal(data.frame, FRAME[["amount", "kind"]])


def test_a_known_md5_and_name_are_taken_over(tmp_path: Path) -> None:
    _csv(FRAME, tmp_path / "x.csv")
    data = load_dataset(tmp_path / "x.csv", "bad", name="data/loans.csv", md5="0" * 32)
    assert (data.name, data.md5) == ("data/loans.csv", "0" * 32)


def test_a_missing_target_names_the_columns(tmp_path: Path) -> None:
    _csv(FRAME, tmp_path / "x.csv")
    with pytest.raises(InvalidFile, match="no column 'Class'") as caught:
        load_dataset(tmp_path / "x.csv", "Class")
    assert "amount, kind, bad" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.csv", b"", "cannot be read"),
        ("x.csv", b"a,bad\n", "no rows"),
        ("x.csv", b"a,bad\n1,x\n2,\n", "1 of 2 rows"),
        ("x.parquet", b"PAR1 not really", "cannot be read"),
        ("x.jsonl", b"{broken", "cannot be read"),
        ("x.xlsx", b"", "format"),
    ],
)
def test_bad_files_are_told_in_words(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidFile, match=words):
        load_dataset(tmp_path / name, "bad")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="does not exist"):
        read_frame(tmp_path / "x.csv")
