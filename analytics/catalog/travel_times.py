"""How well modelled drive times fit."""

from typing import Final

from analytics.catalog.metric import Metric
from analytics.dimensions import CALENDAR
from analytics.metrics import travel_times

_HYNDMAN = "Hyndman and Koehler 2006, Another Look at Measures of Forecast Accuracy"

METRICS: Final = (
    Metric(
        travel_times.drive_error,
        label="Drive time error",
        help="How far modelled drive times are from observed ones; half of the drives are off by no more than the p50.",
        unit="s",
        kind="seconds",
        direction="down",
        source=_HYNDMAN,
        formula="|drive_s - modelled_s|",
        dimensions=(*CALENDAR, "cell", "distance_band"),
        breaks=(("p50_s", (60, 90, 120, 180, 240)),),
    ),
    Metric(
        travel_times.drive_curve,
        label="Drive time by distance",
        help="Observed and modelled drive times by the straight line from the mall, kilometer by kilometer.",
        unit="s",
        kind="seconds",
        direction="none",
        source=_HYNDMAN,
        formula="p50 of drive_s and of modelled_s, by whole kilometers of straight line",
        keys=("line_from_m",),
    ),
    Metric(
        travel_times.drive_fit,
        label="Predicted and observed drives",
        help="What drives took to which the model gives the same time, in classes of two minutes.",
        unit="s",
        kind="seconds",
        direction="none",
        source="Dawid 1982, The Well-Calibrated Bayesian",
        formula="p10, p50, p90 of drive_s, by modelled_s in classes of 120 s",
        keys=("modelled_from_s",),
    ),
)
