"""What charts in a terminal share: an axis, and lines of dots, eight to a character."""

from collections.abc import Iterable, Iterator, Sequence

MARGIN = 11  # characters left of a chart
_BRAILLE = 0x2800
# The bit of each dot of a character, by its row (from the top) and its column.
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))

Point = tuple[float, float]


def framed(rows: Sequence[str], low: float, high: float) -> Iterator[str]:
    """Yield the rows of a chart, the uppermost first, behind an axis whose ends are named."""
    for at, row in enumerate(rows):
        named = {0: high, len(rows) - 1: low}.get(at)
        yield f"{'' if named is None else f'{named:.4g}':>9} ┤{row}"


def below(left: str, right: str, width: int) -> str:
    """Return the line below a chart: what its two ends are."""
    return " " * MARGIN + left + " " * max(1, width - len(left) - len(right)) + right


class Canvas:
    """Dots, two a character across and four down, with the points of a line joined.

    Args:
        width: In characters.
        height: In characters.
        span: Smallest and largest x, smallest and largest y.
    """

    def __init__(self, width: int, height: int, span: tuple[Point, Point]) -> None:
        self.width, self.height = width, height
        (self._left, self._right), (self._low, self._high) = span
        self._cells = [[0] * width for _ in range(height)]

    def dot(self, x: int, y: int) -> None:
        """Set a dot; (0, 0) is the lower left one."""
        row, column = self.height * 4 - 1 - y, x
        self._cells[row // 4][column // 2] |= _BITS[row % 4][column % 2]

    def points(self, points: Iterable[Point], *, joined: bool) -> None:
        """Draw points, a line through them where they are joined."""
        before: tuple[int, int] | None = None
        for point in points:
            here = self._place(point)
            self.dot(*here)
            if joined and before:
                self._join(before, here)
            before = here

    def _place(self, point: Point) -> tuple[int, int]:
        x = (point[0] - self._left) / (self._right - self._left or 1)
        y = (point[1] - self._low) / (self._high - self._low or 1)
        return round(x * (self.width * 2 - 1)), round(y * (self.height * 4 - 1))

    def _join(self, begin: tuple[int, int], end: tuple[int, int]) -> None:
        steps = max(abs(end[0] - begin[0]), abs(end[1] - begin[1]))
        for at in range(1, steps):
            self.dot(*(round(a + (b - a) * at / steps) for a, b in zip(begin, end, strict=True)))

    def rows(self, mark: str = "") -> list[str]:
        """Return the rows, the uppermost first: the dots themselves, or a mark where there are any."""
        return [
            "".join((mark or chr(_BRAILLE + cell)) if cell else " " for cell in row) for row in self._cells
        ]
