"""The answer in words: the figure over everything, where it is highest and lowest, how it changed, and what must be said beside it."""

from typing import Final

from analytics.changes import Change
from analytics.explore import total_change
from analytics.places import DIRECTIONS
from ui import format as write
from ui.explore import words
from ui.explore.look import Look, Row

_COVERED: Final = ", or the smallest row beside such ones, from which they would follow"


def sentence(look: Look) -> str:
    """Return the answer."""
    name, total = words.label(look.metric, look.figure), look.found.total
    most, least = look.found.highest, look.found.lowest
    if most is None or least is None:
        return f"{name}: {_nothing(look)}"
    parts = [f"{words.value(look.metric, look.figure, total.value)} over all"] if total and total.value is not None else []
    if most == least:
        parts.append(f"{look.value(most)}{_at(look, most)}")
    else:
        parts.append(f"highest{_at(look, most)} ({look.value(most)}), lowest{_at(look, least)} ({look.value(least)})")
    return f"{name}: {'; '.join(parts)}."


def _at(look: Look, row: Row) -> str:
    """Return where a row is: a cell has no name of its own, and is told by what it is, or by the place it lies in."""
    named = tuple(column for column in look.columns if column != "cell")
    near = look.near.get(row["cell"], "") if "cell" in look.columns else ""
    place = [f"in a cell{_of(near)}"] if "cell" in look.columns else []
    return f" {', '.join([*place, *([look.name(row, *named)] if named else [])])}" if look.columns else ""


def _of(near: str) -> str:
    """Return a place in the middle of a sentence: `` in Henderson``, `` east of Henderson``."""
    direction, middle, name = near.partition(" of ")
    is_direction = bool(middle) and direction.lower() in DIRECTIONS
    return f" {direction.lower()} of {name}" if is_direction else f" in {near}" if near else ""


def _nothing(look: Look) -> str:
    """Return why there is nothing to show."""
    if look.found.hidden:
        return f"everything is hidden, {look.found.answer.too_few}."
    if look.found.answer.is_empty or not look.rows:
        when = f" in {look.view.days}" if look.metric.uses("start_on") else ""
        return f"nothing is counted here{when}."
    return "unknown for every row: the data does not say it."


def aside(look: Look) -> str:
    """Return what the answer rests on: the filters, the rows behind it, the change."""
    answer, parts = look.found.answer, []
    changed = _change(look)
    if changed:
        parts.append(changed)
    parts += [look.view.place, look.view.days if look.metric.uses("start_on") else ""]
    parts += [f"only {label.lower()}: {value}" for label, value in picks(look)]
    if answer.metric.facts and answer.rows_behind and not look.choice.asked.only:  # the answer has the rows of other values too
        parts.append(f"{write.whole(answer.rows_behind)} {answer.rows_are}")
    parts.append("modelled" if look.metric.modelled else "")
    return " \N{MIDDLE DOT} ".join(filter(None, parts))


def picks(look: Look) -> list[tuple[str, str]]:
    """Return the values picked: dimension and value in words."""
    asked = look.choice.asked
    hours = [("dow", asked.parameters.dow), ("hour", asked.parameters.hour)]
    picked = [*((name, value) for name, value in hours if value is not None), *asked.only]
    return [(words.LABELS[name], words.of_dimension(look.groups, name, value)) for name, value in picked]


def _change(look: Look) -> str:
    """Return how the total changed against what is compared; empty where there is nothing to say."""
    told = total_change(look.found.total, look.found.total_before, look.figure, look.metric)
    before = look.found.total_before.value if look.found.total_before else None
    if look.found.total is None and len(look.rows) == 1 and look.before:
        row = look.rows[0]
        told = None if row["change"] is None else Change(row["change"], row["change_low"], row["change_high"])
        before = row["before"]
    if told is None or not look.before:
        return ""
    verdict = "" if told.low is None else ", beyond chance" if told.is_beyond_chance else ", within normal variation"
    return f"{words.change(look.metric, look.figure, told.difference, before)} against {look.before}{verdict}"


def about(look: Look) -> str:
    """Return what must be said under the table: rows cut, hidden, left out; coarser cells; the model."""
    found, answer, told = look.found, look.found.answer, []
    if len(look.rows) < found.groups:
        told.append(f"{len(look.rows):,} of {found.groups:,} rows.")
    if found.hidden:
        told.append(f"{write.counted(found.hidden, 'row')} hidden: {answer.too_few}{_COVERED if found.is_covered else ''}.")
    if found.total is not None and found.total.value is None and found.hidden < found.groups:
        told.append("The figure over all is not told: with it, what is hidden would follow.")
    if "cell" in look.columns and answer.parameters.resolution < look.choice.asked.parameters.resolution:
        told.append("Cells are larger than chosen: over 20 % of the rows behind them would have been in hidden ones.")
    if look.metric.facts == "shift_activity" and "mall_id" in look.columns:
        told.append("Malls do not add up to their market: a shift counts at every mall that its driver works for.")
    told += [f"{write.whole(count)} {reason} left out." for reason, count in answer.left_out.items()]
    told += [f"{answer.note[:1].upper()}{answer.note[1:]}."] if answer.note else []
    return " ".join(told)
