"""Charts: readings in, plotly figure out. The only package that knows plotly."""

from monitoring.charts.frame import minutes
from monitoring.charts.infusion import (
    FROM_FILE,
    FROM_PAPER,
    MARK,
    PRINT_COLOURS,
    dose_strip,
    infusion_chart,
    infusion_figure,
    plotly_version,
)

__all__ = [
    "FROM_FILE",
    "FROM_PAPER",
    "MARK",
    "PRINT_COLOURS",
    "dose_strip",
    "infusion_chart",
    "infusion_figure",
    "minutes",
    "plotly_version",
]
