"""Draws the Explore page from what was chosen and found."""

from functools import partial

import streamlit as st

from ui import downloads, panels, scene, source
from ui import format as write
from ui.charts import CONFIG
from ui.explore import controls as of_controls
from ui.explore import pictures, saved_views, sentences, table, words
from ui.explore.choice import Choice
from ui.explore.look import Look
from ui.view import View

_HEIGHT_ROWS = 12


def controls(view: View, choice: Choice, *, may_change: bool) -> None:
    """Draw the controls and the saved views, and say what of the address cannot be."""
    of_controls.controls(view, choice, end=partial(saved_views.draw, view, may_change=may_change))
    for told in choice.left_out:
        st.warning(told)


def answer(look: Look) -> None:
    """Draw the question and its answer."""
    by = write.listed([words.column_label(column).lower() for column in look.columns])
    panels.question(f"How does it differ by {by}?" if by else "How large is it?", look.choice.metric.help)
    panels.answer_sentence(sentences.sentence(look), sentences.aside(look))


def _named(look: Look) -> str:
    name = words.label(look.metric, look.figure)
    by = " and ".join(words.column_label(column).lower() for column in look.columns)
    return f"{name} by {by}" if by else name


def evidence(look: Look) -> None:
    """Draw the picture, and the table with its export and where it comes from."""
    of_controls.over_picture(look)
    picture = pictures.picture(look)
    alt = sentences.sentence(look)
    if picture.map is not None:
        scene.draw(picture.map, alt=alt)
    elif picture.chart is not None:
        if picture.legend:
            st.html(picture.legend)
        st.plotly_chart(picture.chart, theme=None, config=CONFIG, key="explore-chart", alt=alt)
    panels.note(picture.note)
    if look.rows:
        with panels.table_heading(_named(look)):
            of_controls.over_table(look)
            downloads.draw(table.file(look), key="explore", answer=table.whole_answer(look), version=look.view.version)
        panels.table(table.table(look), table.columns(look), key="explore-table", alt=alt, height_rows=_HEIGHT_ROWS)
    panels.note(sentences.about(look))
    source.offer([source.of_answer(each) for each in look.found.answers], key="explore")
