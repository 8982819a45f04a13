"""Charts as SVG, drawn on the server: they print, follow the theme, and have their table by them.

Each function is pure: values in, a ``Drawing`` out, which the macro ``ui.chart`` shows. Colours are
classes of ``karez.css``. Titles and names come in the reader's language.
"""

from karez.doors.console.charts.bars import Marker, histogram, stacked, waterfall
from karez.doors.console.charts.drawing import Drawing
from karez.doors.console.charts.graph import Edge, Node, layered
from karez.doors.console.charts.heat import Cell, Grid, heat
from karez.doors.console.charts.lines import lines, spark

__all__ = [
    "Cell",
    "Drawing",
    "Edge",
    "Grid",
    "Marker",
    "Node",
    "heat",
    "histogram",
    "layered",
    "lines",
    "spark",
    "stacked",
    "waterfall",
]
