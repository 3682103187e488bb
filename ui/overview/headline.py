"""The question, its days, and the answer in one sentence."""

from analytics.changes import Estimate
from analytics.reference import extent
from ui import format as write
from ui.overview.change import explanation
from ui.overview.gauges import ON_TIME, ORDERS, SPEED, estimate, is_known
from ui.overview.tiles import hidden, moved_by
from ui.overview.weeks import total
from ui.view import View

_SPANS = {
    "last-week": "last week",
    "last-4-weeks": "in the last 4 weeks",
    "last-13-weeks": "in the last 13 weeks",
    "since-opening": "since opening",
}


def leading(view: View) -> str:
    """Return the metric that the map begins with: on time, or click-to-door where the data holds no promise."""
    return "on_time_share" if is_known(ON_TIME, view) else "click_to_door"


def question(view: View) -> str:
    """Return the page's question for the place and the period chosen."""
    who = f"the program in {view.market.name}" if view.market else "the program"
    return f"How did {who} do {_SPANS.get(view.preset, f'on {view.days}')}?"


def days(view: View) -> str:
    """Return the days shown and those they are compared with."""
    return ", ".join(filter(None, (view.days, view.data_from, view.comparison)))


def lagging(view: View) -> str:
    """Return which markets' data ended long before the others', so that later days lack them; empty where none did."""
    names = set(extent(view.version, view.market_id).lagging)
    ends = [f"{each.name} ({write.day(each.last_complete_on)})" for each in view.markets if each.name in names]
    if not ends:
        return ""
    return f"The data of {write.listed(ends)} {'ends' if len(ends) == 1 else 'end'} before the other markets': later days are without it."


def sentence(view: View) -> tuple[str, str]:
    """Return the answer in one sentence, and in an aside why it says less than usual."""
    orders, answer = total(view, ORDERS, view.period)
    if orders["suppressed"]:
        return f"{hidden(answer)} ordered on {view.days} in {view.place}.", "Choose more days or another market."
    if not orders["orders"]:
        return f"No order was placed on {view.days} in {view.place}.", "Choose other days or another market."
    pace = _pace(view, orders["orders"])
    on_time, behind = total(view, ON_TIME, view.period)
    share = estimate(ON_TIME, on_time)
    if share is not None:
        return f"{_moved(share, view)}; {explanation(view) or pace}.", ""
    if on_time["suppressed"]:
        return f"{pace[0].upper()}{pace[1:]}.", f"Punctuality is hidden: {behind.too_few} with a promise."
    held = "here on these days" if is_known(ON_TIME, view) else "in this data"
    return f"{pace[0].upper()}{pace[1:]}.", f"No promise times {held}, so nothing can be said about punctuality."


def _pace(view: View, orders: int) -> str:
    """Say how fast orders came, or how many where nothing more is known."""
    speed, _ = total(view, SPEED, view.period)
    if speed["p90_s"] is None:
        return f"{write.counted(orders, 'order')} came in"
    return f"9 of 10 of {write.counted(speed['n'], 'delivery', 'deliveries')} reached the door within {write.duration(speed['p90_s'])}"


def _moved(now: Estimate, view: View) -> str:
    """Say that the share on time rose, fell or held."""
    share = write.percent(now.value)
    moved, _ = moved_by(ON_TIME, view, now)
    if moved is None:
        return f"{ON_TIME.label} was {share}"
    if not moved.is_beyond_chance:
        return f"{ON_TIME.label} held at {share}, within normal variation"
    word = "rose" if moved.difference > 0 else "fell"
    return f"{ON_TIME.label} {word} {write.points(abs(moved.difference)).removeprefix('+')} to {share}"
