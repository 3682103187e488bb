"""Draws the table that was chosen below the map of Coverage, with its export."""

from collections.abc import Callable, Mapping
from typing import Any

from analytics import joined
from ui import filters, panels
from ui.coverage import cells, tables
from ui.coverage.standard import BELOW, SHOW, Below, Standard, by_mall, covered, model_note, reason
from ui.view import View


def show(view: View, by: Standard) -> None:
    """Draw the choice of what the map shows; without people there are only orders, and nothing to choose."""
    if covered(view, by)["denominator"]:
        filters.segments(SHOW)
    panels.note(reason(view, by))


def below(view: View, by: Standard, answer: str) -> None:
    """Draw the choice of a table, and the chosen one; ``answer`` is the page's sentence, for screen readers."""
    filters.segments(BELOW)
    _TABLES[by.below](view, by, answer)


def _malls(view: View, by: Standard, answer: str) -> None:
    del answer
    panels.numbers_behind(f"Malls of {view.focus.name}", by_mall(view, by), view.version, key="malls", rows=tables.malls_file(view, by))
    panels.table(tables.malls_table(view, by), tables.malls_columns(by), key="malls-table", alt="Reach of every mall of the market.")
    panels.note(" ".join(filter(None, [model_note(view, by), tables.choice_note(view, by)])))


def _places(view: View, by: Standard, answer: str) -> None:
    del answer
    if not covered(view, by)["denominator"]:
        panels.note(f"No {by.who} in this data, so nobody is known to be left out.")
        return
    rows = tables.places_table(view, by)
    with panels.table_heading(f"The largest places not covered {by.words}"):
        panels.rows_button(rows, "places_not_covered", view.version)
    panels.table(rows, tables.places_columns(by), key="places-table", alt="Uncovered people by place, most first.")
    panels.note(f"Everybody in {view.focus.name} is covered." if not rows.num_rows else model_note(view, by))


def _origins(view: View, by: Standard, answer: str) -> None:
    del by, answer
    found = tables.origins(view)
    if found.is_empty:
        panels.note(f"No order with a known door was placed in {view.focus.name} in these days.")
        return
    rows = tables.origins_table(view, found)
    panels.numbers_behind(f"Where orders come from, {view.days}", found, view.version, key="origins", rows=tables.origins_file(found))
    panels.table(rows, tables.origins_columns(rows), key="origins-table", alt="Smallest areas with half, 70 and 90 percent of orders.")
    left_out = [f"{count:,} {what} are left out." for what, count in found.left_out.items()]
    panels.note(" ".join(["Orders are observed.", _sentence(found.note), *left_out]))


def _markets(view: View, by: Standard, answer: str) -> None:
    del answer
    found = tables.market_answers(view, by)
    file = joined.file("coverage_by_market", found, view.version)
    panels.numbers_side_by_side(f"Markets side by side, {view.days}", file, key="markets")
    rows = tables.markets_table(view, found)
    panels.table(rows, tables.markets_columns(by, rows), key="markets-table", alt="Coverage and orders against people, by market.")
    panels.note(model_note(view, by))


def _cells(view: View, by: Standard, answer: str) -> None:
    behind = cells.cells_answer(view, by)
    rows = cells.cells_table(view, behind)
    panels.numbers_behind("Cells on the map", behind, view.version, key="cells", drawn=rows)
    alt = f"People, drive time and orders by cell. {answer}"
    panels.table(rows, cells.cells_columns(by), key="cells-table", alt=alt, height_rows=8)
    if not behind.metric.facts:  # else it stands over the table already
        panels.note(_sentence(behind.note))


def _sentence(note: str) -> str:
    return f"{note[:1].upper()}{note[1:]}." if note else ""


_TABLES: Mapping[Below, Callable[[View, Standard, str], Any]] = {
    "malls": _malls,
    "places": _places,
    "origins": _origins,
    "markets": _markets,
    "cells": _cells,
}
