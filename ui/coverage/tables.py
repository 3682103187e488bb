"""What stands below the map of Coverage: malls, uncovered places, where orders come from, or markets side by side."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from analytics.answers import Answer
from analytics.export import of_answer
from analytics.places import Name, by_place
from analytics.reference import malls
from ui import format as write
from ui.coverage.cells import SERVICE_S
from ui.coverage.standard import Standard, asked, by_mall, covered, resolution_of
from ui.maps.figures import SQUARE_METERS_PER_SQUARE_MILE
from ui.panels import Shown
from ui.scene import scene
from ui.session import compute
from ui.view import View

_PERCENTS = (50, 70, 90)
_MALLS = pa.schema(
    [
        ("mall", pa.string()),
        ("status", pa.string()),
        ("reach", pa.int64()),
        ("share", pa.float64()),
        ("only_here", pa.int64()),
        ("shared", pa.int64()),
        ("with", pa.string()),
        ("taken", pa.float64()),
        ("n", pa.int64()),
    ]
)
_PLACES = pa.schema(
    [
        ("place", pa.string()),
        ("people", pa.int64()),
        ("share", pa.float64()),
        ("drive_s", pa.int64()),
        ("mall", pa.string()),
        ("cells", pa.int64()),
    ]
)
_ORIGINS = pa.schema(
    [
        ("mall", pa.string()),
        ("percent", pa.string()),
        ("cells", pa.int64()),
        ("area", pa.float64()),
        ("farthest_s", pa.int64()),
        ("orders", pa.int64()),
        ("n", pa.int64()),
        ("note", pa.string()),
    ]
)
_MARKETS = pa.schema(
    [
        ("market", pa.string()),
        ("share", pa.float64()),
        ("people", pa.int64()),
        ("rate", pa.float64()),
        ("density", pa.float64()),
        ("served", pa.float64()),
        ("n", pa.int64()),
        ("note", pa.string()),
    ]
)


def malls_columns(by: Standard) -> tuple[Shown, ...]:
    """Return the columns of the malls table."""
    return (
        Shown("mall", "Mall", is_pinned=True),
        Shown("status", "Status"),
        Shown("reach", f"{by.who.capitalize()} within {by.within_s // 60} min", "count"),
        Shown("share", "of the market", "percent"),
        Shown(
            "only_here",
            "Only here",
            "count",
            help="Of an open mall: reached by no other open mall. Of a candidate: newly reached if it opened",
        ),
        Shown("shared", "Shared", "count", help="Reached by another open mall too"),
        Shown("with", "Shared with", help="Open malls whose catchment overlaps most: people in both, of those of the smaller one (model)"),
        Shown(
            "taken",
            "Taken if opened",
            "percent",
            help="Part of the open malls' expected people who would choose this one instead, by stores and drive (model)",
        ),
        Shown("n", "n cells", "count"),
    )


def malls_table(view: View, by: Standard) -> pa.Table:
    """Return one row a mall of the market: the chosen one, the open ones, then by what each would add.

    Without people nothing is known, not zero.
    """
    unknown = {} if covered(view, by)["denominator"] else dict.fromkeys(("reach", "only_here", "shared", "n"))
    names = _names(view)
    overlaps, taken = _overlaps(view, by, names), _taken(view, by)
    rows = [
        {
            **row,
            "mall": names.get(row["mall_id"], row["mall_id"]),
            "status": write.STATUS_WORDS.get(row["status"], write.MISSING),
            "reach": row["numerator"],
            "place": (view.mall is None or row["mall_id"] != view.mall.id, row["status"] != "open"),
            "with": overlaps.get(row["mall_id"]),
            "taken": None if row["status"] == "open" else taken.get(row["mall_id"]),
            **unknown,
        }
        for row in by_mall(view, by).rows()
    ]
    rows.sort(key=lambda row: (row["place"], -(row["only_here"] or 0), row["mall"]))
    return pa.Table.from_pylist(rows, schema=_MALLS)


def malls_file(view: View, by: Standard) -> pa.Table:
    """Return the same rows as a file has them, with what other questions tell of each mall: whom it shares with, and what it would take."""
    file = of_answer(by_mall(view, by), view.version).table
    overlaps, taken = _overlaps(view, by, _names(view)), _taken(view, by)
    is_open = {mall.id: mall.status == "open" for mall in malls(view.version)}
    ids = file.column("mall_id").to_pylist()
    file = file.append_column("shared_with", pa.array([overlaps.get(each) for each in ids], pa.string()))
    parts = [None if is_open[each] else taken.get(each) for each in ids]
    return file.append_column("taken_if_opened_share", pa.array(parts, pa.float64()))


def _names(view: View) -> dict[str, str]:
    return {mall.id: mall.name for mall in malls(view.version)}


def _overlaps(view: View, by: Standard, names: dict[str, str]) -> dict[str, str]:
    """Return for each mall the open malls that share most with it, in words."""
    found: dict[str, list[tuple[float, str]]] = {}
    for row in compute("catchment_overlap", view, **asked(view, by, mall_id=None)).rows():
        if row["numerator"]:
            found.setdefault(row["mall_id"], []).append((row["share"], names.get(row["other_mall_id"], row["other_mall_id"])))
    return {
        mall_id: ", ".join(f"{name} {write.percent(share, decimals=0)}" for share, name in sorted(pairs, reverse=True)[:2])
        for mall_id, pairs in found.items()
    }


def _taken(view: View, by: Standard) -> dict[str, float]:
    """Return for each mall which part of the open malls' people it would take if it opened."""
    lost: dict[str, list[tuple[int, int]]] = {}
    for row in compute("cannibalization", view, market_id=view.focus.id, weight=by.weight, mall_id=None).rows():
        if row["mall_id"] != row["other_mall_id"]:
            lost.setdefault(row["mall_id"], []).append((row["numerator"], row["denominator"]))
    sums = {mall_id: tuple(map(sum, zip(*pairs, strict=True))) for mall_id, pairs in lost.items()}
    return {mall_id: people / before for mall_id, (people, before) in sums.items() if before}


def choice_note(view: View, by: Standard) -> str:
    """Return what the column of taken people rests on."""
    note = compute("cannibalization", view, market_id=view.focus.id, weight=by.weight, mall_id=None).note
    return next((f"Taken if opened: {part}." for part in note.split("; ") if part.startswith("exponents")), "")


def white_space(view: View, by: Standard) -> Answer:
    """Return people who are not covered, by cell."""
    return compute("white_space", view, **asked(view, by, mall_id=None, resolution=resolution_of(view, by.weight)))


def places_columns(by: Standard) -> tuple[Shown, ...]:
    """Return the columns of the uncovered places."""
    return (
        Shown("place", "Place", is_pinned=True),
        Shown("people", f"{by.who.capitalize()} not covered", "count"),
        Shown("share", "of the market", "percent"),
        Shown("drive_s", "Drive, min", "minutes", help="Half of them are nearer to the nearest open mall (model)"),
        Shown("mall", "Nearest open mall"),
        Shown("cells", "n cells", "count"),
    )


def places_table(view: View, by: Standard) -> pa.Table:
    """Return the uncovered places, largest first: names of the map, or directions from them; from malls where the map has no names."""
    shared = scene(view, view.focus, malls(view.version, view.focus.id), mall=view.mall)
    anchors = [Name(place.name, place.latitude, place.longitude) for place in shared.background.places]
    anchors = anchors or [Name(mall.name, mall.latitude, mall.longitude) for mall in shared.malls]
    names, total = _names(view), covered(view, by)["denominator"]
    rows = [
        {
            **row,
            "place": f"{row['direction'].capitalize()} of {row['place']}" if row["direction"] else row["place"],
            "share": row["people"] / total,
            "mall": names.get(row["mall_id"]),
        }
        for row in by_place(white_space(view, by).table, anchors).to_pylist()
    ]
    return pa.Table.from_pylist(rows, schema=_PLACES)


def origins(view: View) -> Answer:
    """Return where the orders of each mall come from."""
    return compute("captured_catchment", view, market_id=view.focus.id, by=("mall",))


def origins_columns(rows: pa.Table) -> tuple[Shown, ...]:
    """Return the columns of where orders come from; notes only where there is one."""
    return (
        Shown("mall", "Mall", is_pinned=True),
        Shown("percent", "Share of orders", "figure", help="The fewest cells that give this share, those with most orders first"),
        Shown("cells", "Cells", "count", help="Of about 0.04 sq mi"),
        Shown("area", "Area, sq mi", "decimal"),
        Shown("farthest_s", "Longest drive, min", "minutes", help="Of the cells with a drive time (model)"),
        Shown("orders", "Orders", "count"),
        Shown("n", "n orders", "count"),
        *_notes(rows),
    )


def _notes(rows: pa.Table) -> tuple[Shown, ...]:
    return (Shown("note", "Note"),) if rows.column("note").null_count < rows.num_rows else ()


def origins_table(view: View, answer: Answer) -> pa.Table:
    """Return three rows a mall: the smallest area with 50, 70 and 90 percent of its orders."""
    names = _names(view)
    rows: list[dict[str, Any]] = []
    for row in answer.rows():
        mall = names.get(row["mall_id"], "No mall" if row["mall_id"] is None else row["mall_id"])
        for percent in _PERCENTS:
            note = f"Hidden: {answer.too_few}" if row[f"q{percent}_cells"] is None else None
            area = row[f"q{percent}_area_m2"]
            rows.append(
                {
                    "mall": mall,
                    "percent": f"{percent} %",
                    "cells": row[f"q{percent}_cells"],
                    "area": None if area is None else area / SQUARE_METERS_PER_SQUARE_MILE,
                    "farthest_s": row[f"q{percent}_farthest_s"],
                    "orders": row[f"q{percent}_orders"],
                    "n": row["orders"],
                    "note": note,
                }
            )
    return pa.Table.from_pylist(rows, schema=_ORIGINS)


def origins_file(answer: Answer) -> pa.Table:
    """Return the same rows as a file has them: a share of each mall's orders, and the smallest area with it."""
    found = []
    for percent in _PERCENTS:
        names = {f"q{percent}_{name}": name for name in ("cells", "area_m2", "farthest_s", "orders")}
        part = answer.table.select(["mall_id", *names, "orders", "suppressed"])
        part = part.rename_columns(["mall_id", *(f"captured_{name}" for name in names.values()), "n_orders", "suppressed"])
        found.append(part.add_column(1, "share_of_orders", pa.array([percent / 100] * part.num_rows, pa.float64())))
    return pa.concat_tables(found).sort_by([("mall_id", "ascending"), ("share_of_orders", "ascending")])


def market_answers(view: View, by: Standard) -> Sequence[Answer]:
    """Return coverage, orders against people and orders served in time of every market."""
    everywhere = {"market_id": None, "mall_id": None, "by": ("market",)}
    return (
        compute("covered_share", view, within_s=by.within_s, weight=by.weight, **everywhere),
        compute("order_rate", view, weight=by.weight, **everywhere),
        compute("served_share", view, service_s=SERVICE_S, **everywhere),
    )


def markets_columns(by: Standard, rows: pa.Table) -> tuple[Shown, ...]:
    """Return the columns of the markets table: rates, because counts of markets cannot be compared."""
    return (
        Shown("market", "Market", is_pinned=True),
        Shown("share", f"Within {by.within_s // 60} min drive", "percent"),
        Shown("people", by.who.capitalize(), "count"),
        Shown("rate", f"Orders per 1,000 {by.who}", "decimal"),
        Shown("density", "Orders per sq mi", "decimal", help="Of the cells in which people live"),
        Shown("served", f"At the door in {SERVICE_S // 60} min", "percent", help="Of all orders placed (observed)"),
        Shown("n", "n orders", "count"),
        *_notes(rows),
    )


def markets_table(view: View, answers: Sequence[Answer]) -> pa.Table:
    """Return one row a market, the best covered first."""
    reach, orders, served = ({row["market_id"]: row for row in answer.rows()} for answer in answers)
    rows = [_market_row(market.name, reach.get(market.id), orders.get(market.id), served.get(market.id)) for market in view.markets]
    rows.sort(key=lambda row: (-(row["share"] or 0), row["market"]))
    return pa.Table.from_pylist(rows, schema=_MARKETS)


def _market_row(name: str, reach: dict[str, Any] | None, orders: dict[str, Any] | None, served: dict[str, Any] | None) -> dict[str, Any]:
    reach, orders, served = reach or {}, orders or {}, served or {}
    area, count = orders.get("area_m2"), orders.get("n")
    is_hidden = bool(orders.get("suppressed"))
    return {
        "market": name,
        "share": reach.get("share"),
        "people": reach.get("denominator") or None,
        "rate": orders.get("rate"),
        "density": count / (area / SQUARE_METERS_PER_SQUARE_MILE) if area and count is not None else None,
        "served": served.get("share"),
        "n": count if is_hidden else count or 0,
        "note": "Hidden: too few customers" if is_hidden else None if count else "No orders in these days",
    }
