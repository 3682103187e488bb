"""Below the table and the map: next best sets, what if the assumptions are off, and the proof with its certificate."""

from collections.abc import Callable, Mapping

import pyarrow as pa
import streamlit as st

from analytics.choosing import tables
from analytics.choosing.certificate import certificate, text
from analytics.choosing.portfolio import Portfolio
from analytics.choosing.portfolio_words import amount, change, money, shown, spent
from analytics.choosing.robustness import Lead, Standing
from analytics.export import of_table, safe_stem
from ui import filters, panels
from ui import format as write
from ui.panels import Shown
from ui.portfolio.asked import BELOW, Asked
from ui.view import View


def draw(view: View, by: Asked) -> None:
    """Draw the choice of what stands below, and the chosen one."""
    if by.found.choice is None:
        return
    filters.segments(BELOW)
    chosen = view.choice(BELOW.key, BELOW.default)
    _PARTS.get(chosen, _sets)(view, by)


def _sets(view: View, by: Asked) -> None:
    """Draw the best set and the next best ones: malls that are in all of them first."""
    sets = [by.found, *by.others]
    with panels.table_heading("Best and next best sets"):
        panels.export(of_table(tables.sets_table(by.found, by.others), "portfolio_sets", view.version, choices=by.wish.texts), key="sets")
    leads: list[Lead | None] = [None, *by.leads]
    rows = pa.Table.from_pylist([_set(by, each, place, leads) for place, each in enumerate(sets)], schema=_SETS)
    panels.table(rows, _sets_columns(by), key="sets-table", alt=" ".join(f"{row['place']}: {row['malls']}." for row in rows.to_pylist()))
    panels.note(_sets_note(by))


_AHEAD = "Under drives that are off by a tenth from mall to mall: share of 200 worlds in which the best set has as much or more"
_SETS = pa.schema([(name, pa.string()) for name in ("place", "malls", "value", "less", "ahead", "cost")])


def _sets_columns(by: Asked) -> tuple[Shown, ...]:
    has_leads = any(each is not None for each in by.leads)
    return (
        Shown("place", "#", is_pinned=True, width_px=40),
        Shown("malls", "Malls to open", help="Those that are in all of these sets come first", width_px=520),
        Shown("value", "Value", "figure", width_px=250),
        Shown("less", "Against the best", "figure", width_px=110),
        *((Shown("ahead", "Best set is ahead", "figure", help=_AHEAD, width_px=120),) if has_leads else ()),
        Shown("cost", "Cost", "figure", help="Opening, and the weeks that are paid for", width_px=90),
    )


def _set(by: Asked, each: Portfolio, place: int, leads: list[Lead | None]) -> dict[str, str | None]:
    names = [site.name for site in sorted(each.sites, key=lambda site: site.id not in by.every)]
    lead = leads[place] if place < len(leads) else None
    less = abs(each.value - by.found.value)
    return {
        "place": str(place + 1),
        "malls": ", ".join(names) or "none",
        "value": change(each),
        "less": None if not place else f"{write.MINUS if by.wish.aim != 'minutes' else '+'}{amount(by.found, less)}" if less else "as good",
        "ahead": None if lead is None else f"{100 * lead.ahead:.0f} % of worlds",
        "cost": money(each.cost_cents),
    }


def _sets_note(by: Asked) -> str:
    names = [site.name for site in by.found.sites if site.id in by.every]
    if not by.others:
        return "No other set keeps to the conditions." if by.running.is_over and not by.running.is_canceled() else ""
    said = f"In all of them: {write.listed(names)}." if names else "No mall is in all of them: the choice is flat."
    first = next((each for each in by.leads if each is not None), None)
    if first is None:
        return said
    if first.is_beyond_error:
        return f"{said} The best set is ahead of the next beyond the model's error of drives."
    return f"{said} The next best set lies inside the model's error of drives: other reasons may decide between the two."


def _worlds(view: View, by: Asked) -> None:
    """Draw how the chosen set does where an assumption is off, and which set would be best there."""
    rows = pa.Table.from_pylist([_world(by, each) for each in by.standings], schema=_WORLDS)
    with panels.table_heading("What if an assumption is off"):
        panels.export(of_table(_worlds_file(by), "portfolio_scenarios", view.version, choices=by.wish.texts), key="worlds")
    panels.table(rows, _WORLDS_SHOWN, key="worlds-table", alt=" ".join(f"{row['name']}: {row['value']}." for row in rows.to_pylist()))
    held = sum(each.holds for each in by.standings)
    if by.standings:
        panels.note(f"The set stays the best in {held} of {len(by.standings)} scenarios; each changes one assumption.")


_WORLDS = pa.schema([("name", pa.string()), ("value", pa.string()), ("regret", pa.string()), ("best", pa.string())])
_WORLDS_SHOWN = (
    Shown("name", "Scenario", is_pinned=True, width_px=230),
    Shown("value", "The chosen set then", "figure", width_px=300),
    Shown("regret", "Gives up", "figure", help="Against the set that would be best then", width_px=110),
    Shown("best", "Best then", width_px=520),
)


def _world(by: Asked, each: Standing) -> dict[str, str]:
    then = Portfolio(each.best.wish, sites=by.found.sites, before=each.before, total=each.total, cost_cents=by.found.cost_cents)
    names = write.listed([site.name for site in each.best.sites]) if each.best.sites else "no set"
    return {
        "name": each.name,
        "value": _then(then, each),
        "regret": "nothing" if each.holds else amount(each.best, each.regret),
        "best": "the same set" if each.holds else names,
    }


def _then(then: Portfolio, each: Standing) -> str:
    unit = {"cover": " %", "orders": " orders a week", "minutes": " min", "contribution": ""}[then.wish.aim]
    if then.wish.aim == "contribution":
        return money(each.value)
    decimals = 0 if then.wish.aim == "orders" else 1
    return f"{shown(then, each.before):,.{decimals}f} to {shown(then, each.value):,.{decimals}f}{unit}"


def _worlds_file(by: Asked) -> pa.Table:
    rows = by.standings
    return pa.table(
        {
            "scenario": pa.array([each.name for each in rows], pa.string()),
            tables.column(by.wish, "before"): pa.array([each.before for each in rows], pa.int64()),
            tables.column(by.wish, "value"): pa.array([each.value for each in rows], pa.int64()),
            tables.column(by.wish, "regret"): pa.array([each.regret for each in rows], pa.int64()),
            "best_mall_ids": pa.array([",".join(sorted(each.best.ids)) for each in rows], pa.string()),
        }
    )


def _proof(view: View, by: Asked) -> None:
    """Draw value, bound, gap and time, and the certificate."""
    choice = by.found.choice
    if choice is None:
        return
    told = certificate(view.version, by.found, by.others, asked=by.sets_asked)
    name = safe_stem(["portfolio", view.version.id, "synthetic" if view.version.manifest.synthetic else ""])
    with panels.table_heading("Proof and certificate"):
        st.download_button(
            "Certificate (JSON)",
            data=text(told),
            file_name=f"{name}.json",
            mime="application/json",
            key="certificate",
            on_click="ignore",
            icon=":material/verified:",
        )
    merged = f", {choice.rows:,} rows after merging cells that the same malls reach" if choice.rows else ""
    greedy = "ended outside the conditions" if choice.greedy is None else _number(by, choice.greedy)
    panels.story(
        "Proven: no set that keeps to the conditions is better" if choice.is_proven else "Best set found; a better one is not ruled out",
        [
            ("Value", f"{_number(by, choice.value)}: {choice.value:,} {told['unit']}"),
            ("Bound", f"{_number(by, choice.bound)}: {choice.bound:,} {told['unit']}; no set is beyond it"),
            ("Gap", write.percent(choice.gap, decimals=3)),
            ("Time", spent(choice)),
            ("Problem", f"{choice.cells:,} cells{merged}"),
            ("Greedy set", greedy),
        ],
    )
    st.markdown("Anybody with the data can check the certificate, without the solver, from the raw tables:")
    st.code(f"python -m analytics verify {name}.json", language="bash")
    panels.note(" ".join(by.found.notes))


def _number(by: Asked, value: int) -> str:
    if by.wish.aim == "contribution":
        return money(value)
    unit = {"cover": " %", "orders": " orders a week", "minutes": " min"}[by.wish.aim]
    return f"{shown(by.found, value):,.{0 if by.wish.aim == 'orders' else 2}f}{unit}"


_PARTS: Mapping[str, Callable[[View, Asked], None]] = {"sets": _sets, "worlds": _worlds, "proof": _proof}
