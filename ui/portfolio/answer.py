"""The sentence of the Portfolio page, and how far what follows it is."""

from shlex import join

import streamlit as st

from analytics.choosing.certificate import spelled
from analytics.choosing.portfolio_words import beside_error, money, sentence
from analytics.choosing.raw import by_hand
from analytics.commands.options import in_words
from ui import filters, panels, source
from ui.portfolio.asked import AIM, Asked
from ui.portfolio.following import go_on
from ui.view import View

_LOOK_EVERY_S = 0.5


def told(by: Asked) -> tuple[str, str]:
    """Return the answer in one sentence, and in an aside what it rests on."""
    first = next((each for each in by.leads if each is not None), None)
    return beside_error(sentence(by.found, by.others), by.found, by.others, first), _aside(by)


def _aside(by: Asked) -> str:
    if by.found.choice is None:
        return "Loosen one of them: each of the others can hold without it." if by.found.conflict else ""
    within = "" if by.wish.aim == "minutes" else f" within {by.wish.terms.within_s / 60:g} min drive"
    forecast = by.wish.aim in {"orders", "contribution"}
    parts = [
        f"{'Forecast' if forecast else 'Modelled'}{within}",
        f"{money(by.found.cost_cents)} for {by.wish.weeks} weeks" if by.found.sites else "",
    ]
    return f"{'; '.join(filter(None, parts))}."


def behind(view: View, by: Asked) -> None:
    """Draw the button that opens where the figures come from: what a value is, the query that gives it, and the command."""
    wish = by.found.wish
    options = join(word for key, text in spelled(wish).items() for word in in_words(key, text))
    chosen = f"python -m analytics choose {options} --version {view.version.id} --certificate portfolio.json"
    command = f"{chosen}\npython -m analytics verify portfolio.json"
    definition = f"**{AIM.options[wish.aim]}.** {_DEFINITIONS[wish.aim]}\n\n*Source: {_SOURCES[wish.aim]}.*"
    cells = f"{by.found.choice.cells:,} demand cells" if by.found.choice else "no set"
    sql = by_hand(view.version, wish, by.found.ids)
    source.offer([source.Behind("Value of the best set", definition, cells, sql, command)], key="portfolio")


_DEFINITIONS = {
    "cover": "People (or households) inside the boundaries within the drive of an open or a chosen mall; with a backup, of so many malls.",
    "orders": "Expected orders a week within the drive: each mall's forecast spread over its cells; a cell that several reach counts once.",
    "minutes": "Mean drive of people (or households) from the nearest open or chosen mall; over 45 minutes counts as 45.",
    "contribution": "What expected orders bring in over the weeks, less their cost, less opening and running the malls.",
}
_SOURCES = {
    "cover": "maximal covering, Church and ReVelle 1974; modelled",
    "orders": "forecast from the pilots",
    "minutes": "p-median, Hakimi 1964; modelled",
    "contribution": "forecast from the pilots, and the costs of Conditions",
}


def follow(view: View, by: Asked) -> None:
    """Draw how far the steps are that follow, with a way to give them up; nothing once all are there."""
    running = by.running
    if running.is_canceled():
        with st.container(horizontal=True, vertical_alignment="center"):
            panels.note(f"Canceled at {running.stage}.")
            st.button("Go on", key="portfolio-again", on_click=go_on, args=(running, view.version), icon=":material/refresh:")
    elif not running.is_over or by.sections < running.sections:
        _following(by)


def _following(by: Asked) -> None:
    """Draw the progress every half second, and run the page again as soon as a further part of it is complete."""

    @st.fragment(run_every=_LOOK_EVERY_S)
    def progress() -> None:
        running = by.running
        if running.sections > by.sections or running.is_over:
            filters.run_again()
        with st.container(horizontal=True, vertical_alignment="center", key="portfolio-progress"):
            share = min(1.0, running.done / max(running.expected, 1))
            st.progress(share, text=f"Still to come: {running.stage}, {running.done} of {running.expected} steps, {running.seconds:.0f} s")
            st.button("Cancel", key="portfolio-cancel", on_click=running.cancel, icon=":material/close:")

    progress()
