"""The decision sheet: one page about one mall, what it would sell, take, need and cost, and how sure that is."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import typst

from analytics import reference
from analytics.brief import figures
from analytics.choosing import told
from analytics.choosing.backtest import Backtest, backtest
from analytics.choosing.forecast import Assumptions, Forecast
from analytics.choosing.sites import reach, sites
from data.cells import centers
from data.warehouse import Version

_TEMPLATE: Final = Path(__file__).with_name("sheet.typ")
_SHOWN: Final = ("orders_week", "click_to_door_p90_s", "on_time_permille", "cost_cents", "driver_hours_week")
_WITHIN_S: Final = 1200
_MOST_PILOTS: Final = 10
_STATUS: Final = {"open": "open mall, forecast from the others", "candidate": "candidate"}


def decision_sheet(
    version: Version, found: Forecast, assumptions: Assumptions, *, within_s: int = _WITHIN_S, alike: Sequence[tuple[str, str]] = ()
) -> bytes:
    """Return the sheet as a PDF of one page; the same arguments give the same bytes.

    Parameters
    ----------
    version
        Data.
    found, assumptions
        Forecast of the mall, with its launch, and what it assumes.
    within_s
        Drive time for whom it reaches, seconds.
    alike
        Pilots most like it: name, and how closely in words.
    """
    page = json.dumps(_page(version, found, assumptions, within_s, alike), ensure_ascii=False)
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[_fonts()])
    return typst.compile(_TEMPLATE.read_bytes(), format="pdf", sys_inputs={"sheet": page}, font_paths=fonts)


@cache
def _fonts() -> str:
    """Return the folder of the fonts that matplotlib brings."""
    return str(Path(mpl.get_data_path()) / "fonts" / "ttf")


def _page(version: Version, found: Forecast, assumptions: Assumptions, within_s: int, alike: Sequence[tuple[str, str]]) -> dict[str, Any]:
    site = found.site
    market = next(each for each in reference.markets(version) if each.id == site.market_id)
    tested = backtest(version, assumptions)
    extent = reference.extent(version, site.market_id)
    again = told.command(found, assumptions, version.id)
    data_to = f"data to {extent.last_complete_on:%-d %b %Y}, " if extent.last_complete_on else ""
    return {
        "title": site.name,
        "place": f"{market.name}, {_STATUS[site.status]}" + (f", {site.store_count} stores" if site.store_count else ""),
        "answer": told.sentence(found),
        "wide": told.why_wide(found),
        "synthetic": version.manifest.synthetic,
        "figures": _figures(found),
        "charts": _charts(found, market.week_start),
        "tested": _tested(tested),
        **_reach(version, found, within_s),
        "alike": [{"label": name, "value": value} for name, value in alike],
        "notes": _notes(found, assumptions),
        "footer": f"{data_to}version {version.id}; modelled. "
        + (f"The same figures: {again}" if again else "A place of the reader's own: the same figures are on its page."),
    }


def _figures(found: Forecast) -> list[dict[str, str]]:
    """Return the boxes: the middle, and the 80 percent range or why there is none."""
    boxes = []
    for each in told.FIGURES if found.orders_week else ():
        if each.name in _SHOWN:
            band = getattr(found, each.name)
            aside = told.shown_range(each.name, band) if band else "not known: see below"
            boxes.append({"label": each.label, "value": told.shown(each.name, band.middle) if band else "-", "aside": aside})
    return boxes


def _charts(found: Forecast, week_start: int) -> list[dict[str, str]]:
    if found.orders_week is None:
        return []
    hours = figures.staffing(found.hours, week_start) if found.hours else ""
    short = found.hours_short_week
    aside = f"{short.middle:,} h a week more than drivers here can spare" if short else ""
    return [
        {"title": "Launch", "aside": "orders a week, ranges of 50 and 80 %", "svg": figures.launch(found.launch), "text": ""},
        {"title": "Drivers needed", "aside": aside, "svg": hours, "text": found.reasons.get("driver_hours_week", "")},
    ]


def _tested(tested: Backtest) -> dict[str, str]:
    """Return the back-test; of many pilots those that missed by most are drawn."""
    worst = sorted(tested.held, key=lambda each: (each.is_held, each.mall.name))[:_MOST_PILOTS]
    drawn = f"the {_MOST_PILOTS} of {len(tested.held)} pilots that missed first; " if len(tested.held) > _MOST_PILOTS else ""
    key = f"{drawn}orders a week: bars the 50 and 80 % ranges from the other pilots, dot what it had"
    return {"text": told.back_test_sentence(tested), "svg": figures.back_test(worst) if worst else "", "key": key}


def _reach(version: Version, found: Forecast, within_s: int) -> dict[str, Any]:
    """Return whom the site reaches, in words and as a map."""
    site = found.site
    others = [each for each in sites(version, [site.market_id]) if each.id != site.id]
    around = reach(version, [site, *others], within_s=within_s)
    total = int(around.market_people.sum())
    if not total:
        return {"reach": [{"label": "No people in this data", "value": "-"}], "map": "", "map_key": ""}
    minutes = within_s // 60
    named = (
        (f"People within {minutes} min drive", int(around.reached[0])),
        ("Only here" if site.is_open else "Newly reached: no open mall does", int(around.only_here[0])),
    )
    own = around.cell[around.of_site(0)]
    covered = np.delete(around.is_open[around.site], np.r_[around.of_site(0)])
    is_covered = np.zeros(len(around.cells), np.bool_)
    is_covered[np.delete(around.cell, np.r_[around.of_site(0)])[covered]] = True
    is_own = np.zeros(len(around.cells), np.bool_)
    is_own[own] = True
    latitude, longitude = centers(around.cells)
    open_malls = [(each.name, each.latitude, each.longitude) for each in others if each.is_open]
    ground = figures.Ground(latitude, longitude, is_covered, is_own & ~is_covered, is_own, (site.latitude, site.longitude), open_malls)
    key = f"dots: inhabited places, blue newly within {minutes} min drive, dark grey within it of an open mall; modelled"
    return {
        "reach": [{"label": label, "value": f"{people:,} ({100 * people / total:.0f} %)"} for label, people in named],
        "map": figures.reached(ground),
        "map_key": key,
    }


def _notes(found: Forecast, assumptions: Assumptions) -> list[str]:
    waiting = f"at most {assumptions.waiting_permille / 10:.0f} % of trips wait over {assumptions.wait_s / 60:.0f} min for a driver"
    beside = assumptions.handling_cents + assumptions.surcharge_cents
    cost = f"cost is drivers' pay as at the pilots plus ${beside / 100:.2f} an order" if beside else "cost is drivers' pay as at the pilots"
    unknown = [each for each in told.FIGURES if each.name in found.reasons and found.orders_week is not None]
    missing = [f"{each.label} is not known: {found.reasons[each.name]}." for each in unknown]
    return [*found.notes, f"Assumed: demand follows {assumptions.weight}; {waiting}; {cost}.", *missing]
