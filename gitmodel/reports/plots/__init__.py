"""The plots of a model: as DVC declares them, of one revision or of several in one picture."""

from gitmodel.reports.plots.drawing import pictures, png, svg
from gitmodel.reports.plots.fragment import plots_html
from gitmodel.reports.plots.plot import Image, Plot, Side, version_side
from gitmodel.reports.plots.reading import draw_plots

__all__ = ["Image", "Plot", "Side", "draw_plots", "pictures", "plots_html", "png", "svg", "version_side"]
