"""A forecast in words and as tables: the sentence, the figures with their units, and rows that may leave as a file."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import pyarrow as pa

from analytics import export
from analytics.choosing.backtest import Backtest
from analytics.choosing.forecast import USUAL, Assumptions, Band, Forecast
from data.warehouse import Version


@dataclass(frozen=True)
class Told:
    """A figure: its name in ``Forecast``, its label, what it is, and its unit in files."""

    name: str
    label: str
    help: str
    unit: str


FIGURES: Final = (
    Told(
        "orders_week",
        "Orders a week",
        "Orders placed in one week when the launch is over; a single week's chance is in the range",
        "orders",
    ),
    Told("click_to_door_p50_s", "Click-to-door p50", "Half of the orders are faster", "s"),
    Told("click_to_door_p90_s", "Click-to-door p90", "9 of 10 orders are faster", "s"),
    Told("on_time_permille", "On time", "Share of delivered orders within the promise, if promises move with the drive", "permille"),
    Told("cost_cents", "Cost per delivery", "Drivers' pay as at the pilots for such drives, handling and surcharges", "cents"),
    Told(
        "driver_hours_week", "Driver-hours a week", "Drivers needed, hour by hour, so that few trips wait; the way back included", "hours"
    ),
    Told("hours_short_week", "Hours short a week", "Of these, what the market's drivers do not have to spare in the same hours", "hours"),
)
"""What a forecast tells, in order."""

_SCHEMA: Final = pa.schema(
    [
        ("figure", pa.string()),
        ("unit", pa.string()),
        ("weeks_open", pa.int64()),
        ("local_dow", pa.int64()),
        ("local_hour", pa.int64()),
        *((name, pa.int64()) for name in ("low_80", "low_50", "middle", "high_50", "high_80")),
        ("reason", pa.string()),
    ]
)


def sentence(found: Forecast) -> str:
    """Return the answer in one sentence, its number in it."""
    band = found.orders_week
    if band is None:
        return f"Nothing can be forecast for {found.site.name}: {found.reasons['orders_week']}."
    would = "would have had" if found.site.is_open else "would have"
    return (
        f"{found.site.name} {would} {band.middle:,} orders a week when its launch is over, 80 % range {band.low_80:,} to {band.high_80:,}."
    )


def why_wide(found: Forecast) -> str:
    """Return how wide the honest range is, and from how many pilots it comes; empty without a forecast."""
    if found.factor_80 is None:
        return ""
    count = len(found.pilots)
    pilots = "1 pilot" if count == 1 else f"{count} pilots"
    return f"The range is a factor of {found.factor_80:.1f} wide, because {pilots} cannot say more."


def back_test_sentence(tested: Backtest) -> str:
    """Return in one sentence how the forecast would have done."""
    if not tested.held:
        return tested.reason
    low, high = tested.consistent
    return (
        f"Forecast from the others, {tested.malls_in_80} of {len(tested.held)} pilots lie in their 80 % range; "
        f"{100 * tested.share_80:.0f} % of their {tested.weeks:,} weeks do, and {100 * tested.share_50:.0f} % in the 50 % range. "
        f"So few malls would also fit ranges that hold {100 * low:.0f} to {100 * high:.0f} %."
    )


def command(found: Forecast, assumptions: Assumptions, version_id: str) -> str:
    """Return the command that gives a forecast again; empty for a pin, which the data does not have."""
    if found.site.is_pin:
        return ""
    usual = asdict(USUAL)
    changed = {name: value for name, value in asdict(assumptions).items() if value != usual[name]}
    written = {"wait_s": f"{assumptions.wait_s / 60:g}"}
    options = "".join(f" {_OPTIONS[name]} {written.get(name, value)}" for name, value in changed.items())
    return f"python -m analytics forecast {found.site.id}{options} --version {version_id}"


_OPTIONS: Final = {
    "wait_s": "--wait",
    "waiting_permille": "--waiting",
    "handling_cents": "--handling",
    "surcharge_cents": "--surcharge",
    "weight": "--weight",
}


def figures_table(found: Forecast) -> pa.Table:
    """Return every figure with its bands in stored units: one row a figure, a week of the launch, and an hour that needs drivers.

    Returns
    -------
    pyarrow.Table
        ``figure``, ``unit``, ``weeks_open`` (of the launch), ``local_dow`` and ``local_hour`` (of hours), the five values of the band
        (of hours only the ends of the 80 percent band and the middle), and why a figure is missing.
    """
    rows: list[dict[str, Any]] = [
        {"figure": each.name, "unit": each.unit, **_values(getattr(found, each.name)), "reason": found.reasons.get(each.name)}
        for each in FIGURES
    ]
    rows += [
        {"figure": "orders_launch_week", "unit": "orders", "weeks_open": week, **_values(band)} for week, band in enumerate(found.launch)
    ]
    rows += [
        {
            "figure": "drivers",
            "unit": "drivers",
            "local_dow": each.dow,
            "local_hour": each.hour,
            "low_80": each.drivers_low,
            "middle": each.drivers,
            "high_80": each.drivers_high,
        }
        for each in found.hours
    ]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def _values(band: Band | None) -> dict[str, int]:
    return {} if band is None else asdict(band)


def file(version: Version, found: Forecast, assumptions: Assumptions, tested: Backtest | None = None) -> export.Table:
    """Return a forecast as a table that may leave, with its description; the back-test goes into the description where it is given."""
    synthetic = version.manifest.synthetic
    stem = export.safe_stem(["forecast", found.site.id, version.id, "synthetic" if synthetic else ""])
    told = {**about(found, assumptions), **({"back_test": _test_about(tested)} if tested else {})}
    return export.Table(figures_table(found), stem, export.description_of(version, **told), synthetic)


def _test_about(tested: Backtest) -> dict[str, Any]:
    return {"answer": back_test_sentence(tested), "malls": tested_table(tested).to_pylist()}


def about(found: Forecast, assumptions: Assumptions) -> Mapping[str, Any]:
    """Return what a reader of a forecast must know."""
    return {
        "figure": "forecast of a mall without history (modelled)",
        "site": found.site.id,
        "name": found.site.name,
        "market": found.site.market_id,
        "pilots": list(found.pilots),
        "answer": sentence(found),
        "notes": list(found.notes),
        "reasons": dict(found.reasons),
        "assumptions": asdict(assumptions),
        "bands": "low_80 to high_80 hold the truth of 80 of 100 such malls, low_50 to high_50 that of 50",
    }


def tested_table(tested: Backtest) -> pa.Table:
    """Return the back-test: one row a pilot, with the band that the others give it and what it really had."""
    rows = [
        {
            "mall_id": each.mall.id,
            "name": each.mall.name,
            "orders_week": each.orders_week,
            "forecast_low_80_orders": each.forecast.orders_week.low_80 if each.forecast.orders_week else None,
            "forecast_middle_orders": each.forecast.orders_week.middle if each.forecast.orders_week else None,
            "forecast_high_80_orders": each.forecast.orders_week.high_80 if each.forecast.orders_week else None,
            "is_in_80": each.is_held,
            "weeks": each.weeks,
            "weeks_in_50": each.weeks_in_50,
            "weeks_in_80": each.weeks_in_80,
            "click_to_door_p90_s": each.click_to_door_p90_s,
            "forecast_p90_low_80_s": each.forecast.click_to_door_p90_s.low_80 if each.forecast.click_to_door_p90_s else None,
            "forecast_p90_high_80_s": each.forecast.click_to_door_p90_s.high_80 if each.forecast.click_to_door_p90_s else None,
        }
        for each in tested.held
    ]
    return pa.Table.from_pylist(rows, schema=_TESTED)


_TESTED: Final = pa.schema(
    [
        ("mall_id", pa.string()),
        ("name", pa.string()),
        ("orders_week", pa.int64()),
        ("forecast_low_80_orders", pa.int64()),
        ("forecast_middle_orders", pa.int64()),
        ("forecast_high_80_orders", pa.int64()),
        ("is_in_80", pa.bool_()),
        ("weeks", pa.int64()),
        ("weeks_in_50", pa.int64()),
        ("weeks_in_80", pa.int64()),
        ("click_to_door_p90_s", pa.int64()),
        ("forecast_p90_low_80_s", pa.int64()),
        ("forecast_p90_high_80_s", pa.int64()),
    ]
)


def shown(name: str, value: int) -> str:
    """Return a value of a figure as a reader has it: minutes, percent, dollars, hours or a count."""
    if name.endswith("_s"):
        minutes = int(value / 60 + 0.5)
        return f"{minutes} min" if minutes <= 120 else f"{minutes // 60} h {minutes % 60:02d} min"
    if name == "on_time_permille":
        return f"{value / 10:.0f} %"
    if name == "cost_cents":
        return f"${value / 100:,.2f}"
    return f"{value:,} h" if name.endswith("hours_week") or name.startswith("hours_") else f"{value:,}"


def shown_range(name: str, band: Band) -> str:
    """Return the 80 percent band of a figure as a reader has it, the unit once: ``1,060 to 4,820``."""
    low, high = shown(name, band.low_80), shown(name, band.high_80)
    unit = low.rsplit(" ", 1)[-1] if " " in low else ""
    plain = unit and " h " not in low + high and high.endswith(f" {unit}")
    return f"{low.removesuffix(f' {unit}')} to {high}" if plain else f"{low} to {high}"
