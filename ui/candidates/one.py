"""One mall opened: what it would have, how its launch would go, whom it needs, and whether such forecasts were right."""

from collections.abc import Callable, Sequence
from functools import partial

import pyarrow as pa
import streamlit as st

from analytics.choosing import told
from analytics.choosing.backtest import Backtest, backtest
from analytics.choosing.forecast import USUAL, Assumptions, Band, Forecast, forecast
from analytics.choosing.forecast import Hour as Needed
from analytics.choosing.sites import Site
from analytics.export import Table, description_of, safe_stem
from analytics.opening_hours import open_hours
from analytics.parameters import check_scope
from analytics.reference import extent
from ui import format as write
from ui import panels, source
from ui.candidates import rests_on
from ui.charts import CONFIG, Compared, Hour, Range, back_test, launch_fan, week_hour_grid
from ui.maps import legend_html
from ui.palette import Classes
from ui.view import View

DRIVERS = Classes("Drivers needed", "", (5, 10, 20, 40, 60))
"""Fixed, so that a color means the same for every mall."""

_CHART_PX = 320

_TESTED = (
    panels.Shown("name", "Pilot", is_pinned=True),
    panels.Shown("range", "80 % range", "figure", help="Orders in one week when the launch is over, from the other pilots"),
    panels.Shown("orders_week", "Had", "count", help="Orders a week: the mean of its last 13 complete weeks"),
    panels.Shown("inside", "Inside"),
    panels.Shown("weeks_in", "Weeks inside", "figure", help="Each of its complete weeks, with the range of that week since the opening"),
    panels.Shown("p90_range", "p90 range, min", "figure", help="Click-to-door of 9 of 10 orders, from the other pilots"),
    panels.Shown("click_to_door_p90_s", "p90 had", "minutes"),
)


def draw(view: View, site: Site, assumptions: Assumptions = USUAL, *, alike: Sequence[tuple[str, str]] = (), within_s: int = 1200) -> None:
    """Draw the forecast of one site.

    Parameters
    ----------
    view
        Reader, data version, theme.
    site
        A candidate, a pin, or an open mall, which is forecast from the others.
    assumptions
        What the reader changed.
    alike
        Pilots most like it: name, and how closely in words.
    within_s
        Drive time for whom it reaches, on the sheet, seconds.
    """
    check_scope(view.scope)
    with st.spinner("Learning from the pilots"):
        found = forecast(view.version, site, assumptions)
    st.subheader(site.name, anchor=False)
    panels.answer_sentence(told.sentence(found), told.why_wide(found))
    if found.orders_week is None:
        panels.note("Load demand cells or census files and the orders of at least one open mall.")
        return
    _figures(found)
    _exports(view, found, assumptions, partial(_sheet, view, found, assumptions, alike, within_s))
    left, right = st.columns([50, 50], gap="medium")
    with left:
        _launch(view, found)
    with right:
        _drivers(view, found)
    left, right = st.columns([50, 50], gap="medium")
    with left:
        _tested(view, found, assumptions)
    with right:
        if alike:
            panels.story("Pilots most like it", alike)
        _notes(found)


def _figures(found: Forecast) -> None:
    """Draw the figures with their 80 percent ranges, or why there are none."""
    shown = []
    for each in told.FIGURES:
        band: Band | None = getattr(found, each.name)
        beside = told.shown_range(each.name, band) if band else found.reasons[each.name]
        shown.append((each.label, told.shown(each.name, band.middle) if band else write.MISSING, beside))
    panels.figures(shown)


def _exports(view: View, found: Forecast, assumptions: Assumptions, sheet: Callable[[], bytes]) -> None:
    """Draw the sheet and the rows: the figures, the weeks of the launch and the hours of the week."""
    file = told.file(view.version, found, assumptions)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Decision sheet, PDF",
            data=sheet,
            file_name=f"{file.name.replace('forecast', 'decision-sheet', 1)}.pdf",
            mime="application/pdf",
            key="sheet",
            on_click="ignore",
            icon=":material/description:",
            help="One page to print and to hand on: the forecast, its ranges, drivers needed, the back-test, and what it rests on.",
        )
        panels.export(file, key="forecast")
    source.offer(rests_on.of_forecast(view, found, assumptions), key="forecast")


def _sheet(view: View, found: Forecast, assumptions: Assumptions, alike: Sequence[tuple[str, str]], within_s: int) -> bytes:
    from analytics.brief import decision_sheet  # noqa: PLC0415 - brings a typesetter and figures: only who asks for it pays

    return decision_sheet(view.version, found, assumptions, alike=alike, within_s=within_s)


def _launch(view: View, found: Forecast) -> None:
    st.html(legend_html(None, theme=view.theme, note="Launch: orders in each week since the opening, ranges of 50 and 80 %"))
    figure = launch_fan([_range(band) for band in found.launch], theme=view.theme, height_px=_CHART_PX)
    st.plotly_chart(figure, theme=None, config=CONFIG, key="launch", alt=_launch_words(found))


def _launch_words(found: Forecast) -> str:
    first, last = found.launch[0], found.launch[-1]
    return f"Orders a week: {first.middle:,} in the first week, {last.middle:,} after {len(found.launch)} weeks."


def _drivers(view: View, found: Forecast) -> None:
    """Draw drivers needed by hour of the week, or why nobody knows."""
    if not found.hours:
        panels.note(f"Drivers needed are not known: {found.reasons.get('driver_hours_week', 'nothing is ordered')}.")
        return
    hours = open_hours(found.site.opening_hours)
    st.html(legend_html(DRIVERS, theme=view.theme, note=f"modelled, at the middle of demand{', hatched: shut' if hours else ''}"))
    figure = week_hour_grid(
        [_hour(each) for each in found.hours if each.drivers],
        classes=DRIVERS,
        theme=view.theme,
        week_start=extent(view.version, found.site.market_id).week_start,
        open_hours=hours,
        height_px=_CHART_PX,
    )
    busiest = max(found.hours, key=lambda each: each.drivers)
    alt = f"Drivers needed by hour of the week; most, {busiest.drivers}, {write.hour_of_week((busiest.dow, busiest.hour))}."
    st.plotly_chart(figure, theme=None, config=CONFIG, key="staffing", alt=alt)


def _hour(each: Needed) -> Hour:
    tip = (
        write.counted(each.drivers, "driver") + " needed",
        f"{each.drivers_low} to {each.drivers_high} over the 80 % range of demand",
        f"{each.orders:.1f} orders placed",
    )
    return Hour(each.dow, each.hour, value=float(each.drivers), text=str(each.drivers), tip=tip)


@st.fragment
def _tested(view: View, opened: Forecast, assumptions: Assumptions) -> None:
    """Draw the back-test: every pilot forecast from the others, beside what it had."""
    bar = st.progress(0.0, "Forecasting each pilot from the others")

    def show(done: int, of: int) -> None:
        bar.progress(done / of, f"Forecasting pilot {done + 1} of {of} from the others")

    found = backtest(view.version, assumptions, progress=show)
    bar.empty()
    if not found.held:
        st.markdown("**Would it have been right?**")
        panels.note(found.reason)
        return
    with panels.table_heading("Would it have been right?"):
        panels.export(_tested_file(view, found), key="back-test")
    st.markdown(told.back_test_sentence(found))
    compared = [
        Compared(each.mall.name, _range(each.forecast.orders_week) if each.forecast.orders_week else None, each.orders_week, each.is_held)
        for each in found.held
    ]
    alt = told.back_test_sentence(found)
    st.plotly_chart(back_test(compared, theme=view.theme), theme=None, config=CONFIG, key="back-test-chart", alt=alt)
    panels.table(_tested_rows(found), _TESTED, key="back-test-table", alt=alt)
    source.offer(rests_on.of_back_test(view, opened, assumptions), key="back-test")


def _tested_file(view: View, found: Backtest) -> Table:
    synthetic = view.version.manifest.synthetic
    stem = safe_stem(["back-test", view.version.id, "synthetic" if synthetic else ""])
    about = description_of(view.version, figure="back-test of forecasts", answer=told.back_test_sentence(found))
    return Table(told.tested_table(found), stem, about, synthetic)


def _tested_rows(found: Backtest) -> pa.Table:
    """Return the back-test as it stands on screen."""
    rows = [
        {
            "name": each.mall.name,
            "range": told.shown_range("orders_week", each.forecast.orders_week) if each.forecast.orders_week else None,
            "orders_week": each.orders_week,
            "inside": "yes" if each.is_held else "no",
            "weeks_in": f"{each.weeks_in_80} of {each.weeks}",
            "p90_range": told.shown_range("click_to_door_p90_s", each.forecast.click_to_door_p90_s).removesuffix(" min")
            if each.forecast.click_to_door_p90_s
            else None,
            "click_to_door_p90_s": each.click_to_door_p90_s,
        }
        for each in found.held
    ]
    texts = ("name", "range", "inside", "weeks_in", "p90_range")
    schema = pa.schema([(each.column, pa.string() if each.column in texts else pa.int64()) for each in _TESTED])
    return pa.Table.from_pylist(rows, schema=schema)


def _notes(found: Forecast) -> None:
    st.markdown("**What this rests on**")
    for text in found.notes:
        panels.note(text)
    panels.note("Modelled. Orders are told from people and drives around the pilots, times and pay from the pilots' own orders.")


def _range(band: Band) -> Range:
    return Range(*map(float, band.ascending))
