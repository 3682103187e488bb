"""The ranked table of candidates, its sentence, and the file that leaves."""

import pyarrow as pa

from analytics.choosing.criteria import BY_ID
from analytics.choosing.measures import Measure
from analytics.choosing.ranking import Ranked, in_units, table
from analytics.choosing.scenario import OWN
from analytics.export import Table, of_table
from ui import filters, panels, source
from ui import format as write
from ui.candidates import behind
from ui.candidates.asked import PRESET, SITE, Asked
from ui.panels import Shown
from ui.view import View

_MOST_FAILED = 4
_LONGEST_NAME = 31
_SCHEMA = pa.schema(
    [
        ("rank", pa.string()),
        ("mall", pa.string()),
        ("score", pa.float64()),
        ("sure", pa.string()),
        ("newly", pa.int64()),
        ("orders", pa.string()),
        ("p90", pa.int64()),
        ("short", pa.int64()),
        ("cost", pa.int64()),
        ("taken", pa.float64()),
        ("market", pa.string()),
        ("note", pa.string()),
    ]
)


def sentence(view: View, by: Asked) -> tuple[str, str]:
    """Return the answer in one sentence, and in an aside what it rests on."""
    rows, standing = by.ranked.rows, by.ranked.standing
    where = by.scenario.market_id and view.focus.name
    if not rows:
        return f"There is no candidate mall{f' in {where}' if where else ''} to compare.", "Drop a pin on the map, or add places of a file."
    if not standing:
        return f"None of {write.counted(len(rows), 'candidate')} meets the hard limits.", rows[0].failed
    first = standing[0]
    if first.score is None:
        return "Nothing is known of what these weights count, so there is no order.", _left_out(by)
    sure = by.sure(first)
    said = f"{first.site.name} comes first of {write.counted(len(standing), 'candidate')}"
    if len(standing) == 1 and len(rows) > 1:
        said = f"{first.site.name} is the only one of {write.counted(len(rows), 'candidate')} that meets the hard limits"
    if len(standing) > 1 and sure is not None:
        where_to = f"in the top {by.top}" if by.top > 1 else "first"
        said += f": {where_to} under {write.percent(sure / 1000, decimals=0)} of weightings"
    return f"{said}.", _aside(by, first)


def _aside(by: Asked, first: Ranked) -> str:
    place = by.ranked.rows.index(first)
    newly, orders = (by.ranked.measured[name] for name in ("newly", "orders"))
    who = "people" if by.scenario.terms.weight == "population" else "households"
    parts = []
    if newly.values[place] is not None:
        minutes = by.scenario.terms.within_s / 60
        parts.append(f"It would newly reach {write.in_words(newly.values[place])} {who} within {minutes:g} min drive")
    if orders.low and orders.low[place] is not None:
        parts.append(f"get {write.whole(orders.low[place])} to {write.whole(orders.high[place])} orders a week (80 % range)")
    told = " and ".join(parts)
    return " ".join(filter(None, [f"{told}." if told else "", "Modelled and forecast.", _left_out(by)]))


def _left_out(by: Asked) -> str:
    names = [each.label.lower() for each in by.ranked.left_out]
    return f"Left out, because nothing is known of it in this data: {write.listed(names)}." if names else ""


def columns(by: Asked) -> tuple[Shown, ...]:
    """Return the columns of the table."""
    who = "People" if by.scenario.terms.weight == "population" else "Households"
    tried = "10,000 weightings around these" if by.around else "10,000 weightings, drawn evenly from all there are"
    return (
        Shown("rank", "#", help="-: fails a hard limit, or nothing is known of it", is_pinned=True, width_px=28),
        Shown("mall", "Mall", is_pinned=True, width_px=196),
        Shown("score", "Score", "score", help="0 to 100: weighted mean of criteria between fixed anchors", width_px=60),
        Shown(
            "sure",
            f"In top {by.top}" if by.top > 1 else "First",
            "figure",
            help=f"Share of {tried}, under which it is {_place(by)}",
            width_px=58,
        ),
        Shown("newly", "New reach", "count", help=f"{who} within the drive whom no open mall reaches (model)", width_px=70),
        Shown("orders", "Orders a week", "figure", help="80 % range, once the launch is over (forecast from the pilots)", width_px=90),
        Shown("p90", "p90, min", "minutes", help="Click-to-door: 9 of 10 orders would be faster (forecast)", width_px=56),
        Shown(
            "short",
            "h short",
            "count",
            help="Driver-hours a week it would need beyond what the market has to spare (forecast)",
            width_px=56,
        ),
        Shown("cost", "Cost", "money", help="Driver pay, surcharge and handling for each delivered order (forecast)", width_px=56),
        Shown(
            "taken",
            "Taken",
            "percent",
            help="Part of the open malls' expected people who would choose this one instead (model)",
            width_px=52,
        ),
        *((Shown("market", "Market", width_px=84),) if _is_of_several(by) else ()),
        *((Shown("note", "Note", width_px=320),) if any(_note(row) for row in by.ranked.rows) else ()),
    )


def _place(by: Asked) -> str:
    return f"among the first {by.top}" if by.top > 1 else "the first"


def rows(view: View, by: Asked) -> pa.Table:
    """Return the rows of the table: stored units, as the columns expect them."""
    names = {market.id: market.name for market in view.markets}
    malls = write.shortened((row.site.name for row in by.ranked.rows), _LONGEST_NAME)
    found = []
    for place, row in enumerate(by.ranked.rows):
        sure = by.sure(row)
        taken = _value(by, "taken", place)
        found.append(
            {
                "rank": None if row.rank is None or row.score is None else str(row.rank),
                "mall": malls[row.site.name],
                "market": names[row.site.market_id],
                "score": row.score,
                "sure": None if sure is None else write.percent(sure / 1000, decimals=0),
                "newly": _value(by, "newly", place),
                "orders": _range(by.ranked.measured["orders"], place),
                **{name: _value(by, name, place) for name in ("p90", "short", "cost")},
                "taken": None if taken is None else taken / 1000,
                "note": _note(row) or None,
            }
        )
    return pa.Table.from_pylist(found, schema=_SCHEMA)


def _is_of_several(by: Asked) -> bool:
    return len({row.site.market_id for row in by.ranked.rows}) > 1


def _value(by: Asked, name: str, place: int) -> int | None:
    return by.ranked.measured[name].values[place]


def _range(measure: Measure, place: int) -> str | None:
    if not measure.low or measure.low[place] is None:
        return None
    return f"{write.whole(measure.low[place])}-{write.whole(measure.high[place])}"


def _note(row: Ranked) -> str:
    pin = ["Added by you"] if row.site.is_pin else []
    failed = [f"Fails: {row.failed}"] if row.failed else []
    unknown = [f"Unknown, scored half way: {', '.join(row.unknown)}"] if row.unknown else []
    return "; ".join([*failed, *unknown, *pin])


def file(view: View, by: Asked) -> Table:
    """Return the ranking as a file: every figure with its score, and the scenario in its description."""
    weights = {BY_ID[name].column: weight for name, weight in by.ranked.weights.items()}
    return of_table(table(by.ranked), "candidates", view.version, scenario=by.name or None, choices=by.scenario.texts, weights=weights)


def draw(view: View, by: Asked) -> None:
    """Draw the table with its export; a row that is chosen opens its mall."""
    preset = PRESET.options[by.scenario.preset] if by.scenario.preset != OWN else "own"
    with panels.table_heading(by.name or f"Candidates, {preset.lower()} weights"):
        panels.export(file(view, by), key="candidates")

    def choose(row: int | None) -> None:
        filters.choose(**{SITE: None if row is None else by.ranked.rows[row].site.id})

    alt = " ".join(f"{row.rank or 'Not ranked'}: {row.site.name}." for row in by.ranked.rows[:10])
    panels.table(rows(view, by), columns(by), key="candidates-table", alt=alt, height_rows=13, on_row=choose)
    source.offer(behind.of_table(view, by), key="candidates")
    panels.note(" ".join(filter(None, [_weights_in_words(by), limits_in_words(by)])))
    for row in [row for row in by.ranked.rows if row.failed][:_MOST_FAILED]:
        panels.note(f"{row.site.name} fails: {row.failed}.")
    if by.opened is not None:
        panels.note(f"Choose a row, or a mall on the map, to look into it. Below: {by.opened.name}.")


def _weights_in_words(by: Asked) -> str:
    """Return what the score is made of: ``Score: newly reached 25 %, orders a week 20 %``."""
    total = sum(by.ranked.weights.values())
    parts = [
        f"{BY_ID[name].label[:1].lower()}{BY_ID[name].label[1:]} {write.percent(weight / total, decimals=0)}"
        for name, weight in sorted(by.ranked.weights.items(), key=lambda item: -item[1])
    ]
    return f"Score: {', '.join(parts)}." if parts else ""


def limits_in_words(by: Asked) -> str:
    """Return the hard limits in words; empty where there are none."""
    said = []
    for name, limit in by.scenario.limits:
        each = BY_ID[name]
        if limit.least is not None:
            said.append(f"{each.label.lower()} at least {in_units(limit.least, each.unit)}")
        if limit.most is not None:
            said.append(f"{each.label.lower()} at most {in_units(limit.most, each.unit)}")
    return f"Hard limits: {', '.join(said)}." if said else ""
