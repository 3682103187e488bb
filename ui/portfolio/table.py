"""The candidates of a portfolio: which are opened, what each adds, what it costs, and boxes for those that must and must not be opened."""

import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import pyarrow as pa
import streamlit as st

from analytics.choosing.missing import FORECAST, NOTES, is_unknown
from analytics.choosing.portfolio_words import shown, who
from analytics.choosing.tables import column
from analytics.choosing.wish import Price, Wish
from analytics.choosing.worth import Worth, worth
from analytics.export import Table, of_table
from ui import format as write
from ui import panels
from ui.portfolio.asked import Asked, change
from ui.view import View

_SCREEN: Final = pa.schema(
    [
        ("opened", pa.string()),
        ("mall", pa.string()),
        ("market", pa.string()),
        ("must", pa.bool_()),
        ("not", pa.bool_()),
        ("adds", pa.float64()),
        ("alone", pa.float64()),
        ("opening", pa.float64()),
        ("weekly", pa.float64()),
    ]
)
_LONGEST_NAME: Final = 31
_UNITS: Final = {"cover": "pts", "orders": "orders a week", "minutes": "min", "contribution": "$"}
_FORMATS: Final = {"cover": "%.1f", "orders": "%,d", "minutes": "%.2f", "contribution": "$%,d"}


def draw(view: View, by: Asked) -> None:
    """Draw the table with its export; a box that is ticked and a price that is changed are taken over at once."""
    made = worth(view.version, by.wish)
    rows = _rows(view, by, made)
    with panels.table_heading("Malls to choose from"):
        panels.export(file(view, by), key="portfolio-malls")
    unit = _UNITS[by.wish.aim]
    key = f"portfolio-editor-{hashlib.sha256(repr(rows).encode()).hexdigest()[:12]}"
    st.data_editor(
        pa.Table.from_pylist([{name: row[name] for name in _SCREEN.names} for row in rows], schema=_SCREEN).to_pandas(),
        hide_index=True,
        row_height=panels.ROW_PX,
        height="content" if len(rows) <= 13 else panels.ROW_PX * 14,
        placeholder="-",
        key=key,
        on_change=partial(_take, key, by.wish, [row["id"] for row in rows]),
        disabled=["opened", "mall", "adds", "alone", "market"],
        column_order=[name for name in _SCREEN.names if name != "market" or len({row["market"] for row in rows}) > 1],
        column_config=_config(by.wish, unit),
    )
    panels.note(_note(by))


def _config(wish: Wish, unit: str) -> Mapping[str, Any]:
    number = partial(st.column_config.NumberColumn, format=_FORMATS[wish.aim])
    money = partial(st.column_config.NumberColumn, format="$%,d", min_value=0, max_value=10**11)
    adds = "What the set would lose without it" if wish.aim != "minutes" else "By how much the mean drive would be longer without it"
    return {
        "opened": st.column_config.TextColumn("Open", help="Opened in the best set, numbered by what each adds", width=40, pinned=True),
        "mall": st.column_config.TextColumn("Mall", width=182, pinned=True),
        "must": st.column_config.CheckboxColumn("Must", help="In every set", width=62),
        "not": st.column_config.CheckboxColumn("Not", help="In no set", width=58),
        "adds": number(f"Adds, {unit}", help=adds, width=68),
        "alone": number(f"Alone, {unit}", help="What it would add to the open malls if it were the only one opened", width=74),
        "opening": money("To open", help="Once; change it for this mall alone", width=76),
        "weekly": money("A week", help="Every week of the budget; change it for this mall alone", width=66),
        "market": st.column_config.TextColumn("Market", width=74),
    }


def _rows(view: View, by: Asked, made: Worth) -> list[dict[str, Any]]:
    """Return the malls to open by what they add, then the others by what they would add alone."""
    names = {market.id: market.name for market in view.markets}
    malls = write.shortened((site.name for site in by.places), _LONGEST_NAME)
    lost = dict(zip(by.found.ids, by.found.alone, strict=True))
    nothing = made.problem.value(())
    alone = {site_id: added - nothing for site_id, added in _alone(made).items()}
    order = {name: place for place, name in enumerate(by.found.ids, 1)}
    candidates = sorted(
        (site for site in by.places if not site.is_open),
        key=lambda site: (order.get(site.id, len(order) + 1), -alone.get(site.id, 0), site.name),
    )
    return [
        {
            "id": site.id,
            "opened": str(order[site.id]) if site.id in order else "",
            "mall": malls[site.name],
            "must": site.id in by.wish.must,
            "not": site.id in by.wish.must_not,
            "adds": shown(by.found, lost[site.id]) if site.id in lost else None,
            "alone": shown(by.found, alone[site.id]) if site.id in alone else None,
            "opening": by.wish.price_of(site.id).opening_cents / 100,
            "weekly": by.wish.price_of(site.id).weekly_cents / 100,
            "market": names[site.market_id],
        }
        for site in candidates
    ]


def _alone(made: Worth) -> dict[str, int]:
    """Return what each candidate would be worth if it were the only one opened; without those of which nothing is known."""
    unknown = {each.site.id for each in made.forecasts if is_unknown(made.wish, each)} if made.wish.aim in FORECAST else set()
    known = [place for place in made.candidates if made.sites[place].id not in unknown] if not made.reason else []
    return {made.sites[place].id: made.problem.value((place,)) for place in known}


def _take(key: str, wish: Wish, ids: list[str]) -> None:
    """Take over what was ticked or changed: a mall that must be opened is no longer one that must not, and the other way round."""
    must, must_not, prices = list(wish.must), list(wish.must_not), dict(wish.prices)
    for place, edited in st.session_state[key]["edited_rows"].items():
        mall = ids[int(place)]
        for name, own, other in (("must", must, must_not), ("not", must_not, must)):
            if name in edited:
                own[:] = [each for each in own if each != mall] + ([mall] if edited[name] else [])
                if edited[name] and mall in other:
                    other.remove(mall)
        if {"opening", "weekly"} & edited.keys():
            prices[mall] = _price(wish.price_of(mall), edited)
    kept = {mall: price for mall, price in prices.items() if price != wish.price}
    change(
        must=",".join(must) or None,
        **{"not": ",".join(must_not) or None},
        prices=",".join(f"{mall}:{price.opening_cents}:{price.weekly_cents}" for mall, price in kept.items()) or None,
    )


def _price(price: Price, edited: Mapping[str, Any]) -> Price:
    opening, weekly = edited.get("opening"), edited.get("weekly")
    return Price(
        price.opening_cents if opening is None else round(100 * opening), price.weekly_cents if weekly is None else round(100 * weekly)
    )


def _note(by: Asked) -> str:
    others = write.counted(len(by.elsewhere), "mall")
    elsewhere = f"Conditions also name {others} of other markets; not counted here." if by.elsewhere else ""
    within = "" if by.wish.aim == "minutes" else f" within {by.wish.terms.within_s / 60:g} min drive"
    what = {
        "cover": f"Points are shares of all {who(by.wish)}; reached{within} (model).",
        "orders": f"Orders are expected{within}: the middle of each mall's forecast, shared where malls reach the same cell.",
        "minutes": f"Minutes are of the mean drive of all {who(by.wish)} to their nearest mall (model).",
        "contribution": f"Money over {by.wish.weeks} weeks: expected orders{within}, less what the malls cost.",
    }[by.wish.aim]
    unsure = [note for note in by.found.notes if note.startswith(NOTES)]
    return " ".join(filter(None, [what, *unsure, elsewhere]))


def file(view: View, by: Asked) -> Table:
    """Return the candidates as a file: whether each is opened, what it adds and what it costs, in stored units."""
    made = worth(view.version, by.wish)
    lost = dict(zip(by.found.ids, by.found.alone, strict=True))
    nothing = made.problem.value(())
    alone, places = _alone(made), made.candidates if not made.reason else []
    own = [made.sites[place] for place in places]
    rows = pa.table(
        {
            "mall_id": pa.array([site.id for site in own], pa.string()),
            "name": pa.array([site.name for site in own], pa.string()),
            "market_id": pa.array([site.market_id for site in own], pa.string()),
            "is_opened": pa.array([site.id in lost for site in own], pa.bool_()),
            column(by.wish, "lost_without"): pa.array([lost.get(site.id) for site in own], pa.int64()),
            column(by.wish, "added_alone"): pa.array([alone[site.id] - nothing if site.id in alone else None for site in own], pa.int64()),
            "is_must": pa.array([site.id in by.wish.must for site in own], pa.bool_()),
            "is_must_not": pa.array([site.id in by.wish.must_not for site in own], pa.bool_()),
            "opening_cents": pa.array([by.wish.price_of(site.id).opening_cents for site in own], pa.int64()),
            "weekly_cents": pa.array([by.wish.price_of(site.id).weekly_cents for site in own], pa.int64()),
            "cost_cents": pa.array([by.wish.cost_cents(site.id) for site in own], pa.int64()),
        }
    )
    return of_table(rows, "portfolio", view.version, choices=by.wish.texts)
