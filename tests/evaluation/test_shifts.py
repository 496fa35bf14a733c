"""How much columns moved: against figures computed by hand, and at the edges."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmodel.evaluation.shifts import psi, shifts


def test_psi_is_the_sum_over_bins() -> None:
    by_hand = (0.4 - 0.5) * math.log(0.4 / 0.5) + (0.6 - 0.5) * math.log(0.6 / 0.5)
    assert psi([5, 5], [4, 6]) == pytest.approx(by_hand)
    assert psi([5, 5], [50, 50]) == 0
    assert math.isfinite(psi([5, 5], [10, 0]))


def test_what_moved_most_comes_first() -> None:
    random = np.random.default_rng(0)
    before = pd.DataFrame(
        {"same": random.normal(size=2000), "moved": random.normal(size=2000), "kind": ["a", "b"] * 1000}
    )
    after = pd.DataFrame(
        {"same": random.normal(size=3000), "moved": random.normal(1, 1, size=3000), "kind": ["b"] * 3000}
    )
    found = shifts(before, after)
    assert [each.column for each in found] == ["kind", "moved", "same"]
    kind, moved, same = found
    assert moved.psi > 0.25
    assert same.psi < 0.05
    assert (kind.before, kind.after) == ("a 50.0%", "b 100.0%")
    assert moved.after.startswith("median 0.9") or moved.after.startswith("median 1.0")


@pytest.mark.parametrize(
    "column",
    [
        [1.0, None, 3.0],
        [None, None, None],
        ["x", None, "y"],
        [True, False, True],
        [1, 1, 1],
        [math.inf, 1.0, 2.0],
    ],
)
def test_odd_columns(column: list[object]) -> None:
    before = pd.DataFrame({"c": column})
    (found,) = shifts(before, before)
    assert found.psi == pytest.approx(0)
    assert math.isfinite(shifts(before, pd.DataFrame({"c": [1.0, 2.0]}))[0].psi)
    assert math.isfinite(shifts(pd.DataFrame({"c": [1.0, 2.0]}), before)[0].psi)


def test_missing_values_are_a_shift() -> None:
    (found,) = shifts(pd.DataFrame({"c": [1.0, 2.0] * 50}), pd.DataFrame({"c": [1.0, None] * 50}))
    assert found.psi > 0.25
    assert found.after == "median 1, 50.0% missing"


def test_only_shared_columns_of_tables_with_rows() -> None:
    one = pd.DataFrame({"a": [1], "b": [2]})
    assert [each.column for each in shifts(one, pd.DataFrame({"b": [2], "c": [3]}))] == ["b"]
    assert shifts(one, one.head(0)) == []
    assert shifts(one.head(0), one) == []


def test_a_large_table_is_sampled_the_same_way() -> None:
    table = pd.DataFrame({"c": np.arange(120_000)})
    assert shifts(table, table + 1) == shifts(table, table + 1)
    assert shifts(table, table + 1)[0].psi < 0.01


@given(st.lists(st.integers(1, 100), min_size=2, max_size=9), st.data())
def test_psi_is_never_negative(before: list[int], data: st.DataObject) -> None:
    after = data.draw(st.lists(st.integers(0, 100), min_size=len(before), max_size=len(before)).filter(any))
    assert psi(before, after) >= 0
