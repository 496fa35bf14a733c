"""Pictures for cells, drawn on this machine: SVG from a few lines of Vega-Lite."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 30  # bars
_POINTS = 2000


@dataclass(frozen=True)
class Picture:
    """A picture that a notebook shows where it is the last thing in a cell."""

    svg: str = field(repr=False)

    def _repr_svg_(self) -> str:
        return self.svg


def bars(table: "pd.DataFrame", column: str) -> Picture:
    """Draw a bar for each row of a table, by its index, in its order; at most 30."""
    title = _name(table.index)
    rows = [{"name": str(name), "value": float(value)} for name, value in table[column].head(_SHOWN).items()]
    return _draw(
        {
            "data": {"values": rows},
            "mark": "bar",
            "encoding": {
                "y": {"field": "name", "type": "nominal", "sort": None, "title": title},
                "x": {"field": "value", "type": "quantitative", "title": column},
            },
        }
    )


def heatmap(table: "pd.DataFrame") -> Picture:
    """Draw a table of counts, such as a confusion matrix: darker is more."""
    down, across = _name(table.index), _name(table.columns)
    rows = [
        {"down": str(row), "across": str(column), "count": int(count)}
        for row, counts in zip(table.index, table.to_numpy(), strict=True)
        for column, count in zip(table.columns, counts, strict=True)
    ]
    place = {
        "y": {"field": "down", "type": "nominal", "sort": None, "title": down},
        "x": {"field": "across", "type": "nominal", "sort": None, "title": across},
    }
    half = int(table.to_numpy().max()) / 2 if rows else 0
    ink = {"condition": {"test": f"datum.count > {half}", "value": "white"}, "value": "black"}
    return _draw(
        {
            "data": {"values": rows},
            "encoding": place,
            "layer": [
                {"mark": "rect", "encoding": {"color": {"field": "count", "type": "quantitative"}}},
                {"mark": "text", "encoding": {"text": {"field": "count"}, "color": ink}},
            ],
        }
    )


def points(table: "pd.DataFrame", x: str, y: str) -> Picture:
    """Draw two columns of numbers against each other, at most 2,000 rows of them."""
    shown = table[[x, y]].dropna()
    shown = shown.sample(_POINTS, random_state=0) if len(shown) > _POINTS else shown
    rows = [{"x": float(a), "y": float(b)} for a, b in shown.itertuples(index=False)]
    return _draw(
        {
            "data": {"values": rows},
            "mark": {"type": "point", "opacity": 0.5},
            "encoding": {
                "x": {"field": "x", "type": "quantitative", "title": x, "scale": {"zero": False}},
                "y": {"field": "y", "type": "quantitative", "title": y, "scale": {"zero": False}},
            },
        }
    )


def histogram(table: "pd.DataFrame", column: str) -> Picture:
    """Draw how the numbers of a column are distributed."""
    rows = [{"x": float(value)} for value in table[column].dropna()]
    return _draw(
        {
            "data": {"values": rows},
            "mark": "bar",
            "encoding": {
                "x": {"field": "x", "bin": {"maxbins": 30}, "type": "quantitative", "title": column},
                "y": {"aggregate": "count", "title": "rows"},
            },
        }
    )


def _name(index: "pd.Index[Any]") -> str:
    return "" if index.name is None else str(index.name)


def _draw(spec: dict[str, Any]) -> Picture:
    import vl_convert

    background = {"$schema": "https://vega.github.io/schema/vega-lite/v5.json", "background": "white"}
    return Picture(vl_convert.vegalite_to_svg({**background, **spec}, allowed_base_urls=[]))
