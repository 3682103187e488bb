"""The sentence of the Portfolio page, and how far what follows it is."""

import streamlit as st

from analytics.choosing.portfolio_words import money, sentence
from ui import panels
from ui.portfolio.asked import Asked
from ui.portfolio.following import go_on
from ui.view import View

_LOOK_EVERY_S = 0.5


def told(by: Asked) -> tuple[str, str]:
    """Return the answer in one sentence, and in an aside what it rests on."""
    said = sentence(by.found, by.others)
    first = next((each for each in by.running.leads if each is not None), None)
    if first is not None and by.found.choice is not None and by.others[0].value != by.found.value:
        said = f"{said[:-1]}, {'beyond' if first.is_beyond_error else 'inside'} the model's error."
    return said, _aside(by)


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


def follow(view: View, by: Asked) -> None:
    """Draw how far the steps are that follow, with a way to give them up; nothing once all are there."""
    running = by.running
    if running.is_canceled():
        with st.container(horizontal=True, vertical_alignment="center"):
            panels.note(f"Canceled at {running.stage}.")
            st.button("Go on", key="portfolio-again", on_click=go_on, args=(running, view.version), icon=":material/refresh:")
    elif not running.is_over:
        _following(by, running.sections)


def _following(by: Asked, drawn: int) -> None:
    """Draw the progress every half second, and run the page again as soon as a further part of it is complete."""

    @st.fragment(run_every=_LOOK_EVERY_S)
    def progress() -> None:
        running = by.running
        if running.sections > drawn or running.is_over:
            st.rerun(scope="app")
        with st.container(horizontal=True, vertical_alignment="center", key="portfolio-progress"):
            share = min(1.0, running.done / max(running.expected, 1))
            st.progress(share, text=f"Still to come: {running.stage}, {running.done} of {running.expected} steps, {running.seconds:.0f} s")
            st.button("Cancel", key="portfolio-cancel", on_click=running.cancel, icon=":material/close:")

    progress()
