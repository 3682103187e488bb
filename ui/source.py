"""Where figures come from: behind every figure, chart, map and table its definition, its query and its rows, one click away.

What a block asks for while it is drawn is what stands behind it, so that no list of it can be forgotten::

    with source.where_from("hours"):
        st.plotly_chart(chart(view))
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import streamlit as st

from analytics.answers import Answer
from analytics.catalog import Metric
from analytics.commands.question import written
from ui import format as write
from ui import session

LABEL: Final = "Where from?"
_LONGEST_SPOKEN: Final = 120
_BETTER: Final = {"up": "higher is better", "down": "lower is better", "none": "neither more nor less is better"}
_UNITS: Final = {"s": "seconds", "share": "share, 0 to 1", "s per 1,000 people": "seconds a week per 1,000 people"}
_WORDS: Final = {"dow": "weekday", "distance_band": "distance", "pay_band": "pay", "batch": "batch size"}


@dataclass(frozen=True)
class Behind:
    """What stands behind something that was drawn.

    Attributes
    ----------
    title
        What it is, for the choice between several.
    definition
        What it means, Markdown.
    rows
        How many rows there are, and how many rows of the tables are counted in them, in words.
    sql
        The query; empty where none was needed, and ``definition`` says then what it was read from.
    command
        The same on the command line; empty where there is none.
    """

    title: str
    definition: str
    rows: str
    sql: str = ""
    command: str = ""


@contextmanager
def where_from(key: str, *, said: Sequence[Answer] = (), others: Sequence[Behind] = ()) -> Iterator[None]:
    """Draw under a block where it comes from: every answer that is asked for inside, each once.

    Parameters
    ----------
    key
        Distinguishes the blocks of a page.
    said
        Answers that were asked for before, such as those of the page's sentence: ``session.heard``.
    others
        What stands behind it beside answers, such as a table of the manifest.
    """
    with session.heard() as answers:
        yield
    offer([*_once([*said, *answers]), *others], key=key)


def offer(behind: Sequence[Behind], *, key: str) -> None:
    """Draw the button that opens where something comes from, at the right end; nothing where nothing stands behind it."""
    if behind:
        _button(tuple(behind), key)


@st.fragment
def _button(behind: tuple[Behind, ...], key: str) -> None:
    """Draw the button; what it opens is made when it is clicked, and the page does not run again for it."""
    with st.container(key=f"where-{key}", horizontal=True, horizontal_alignment="right"):
        if st.button(f"{LABEL} *{spoken(key, behind)}*", type="tertiary", key=f"{key}-source"):
            _opened(behind)


def spoken(key: str, behind: Sequence[Behind]) -> str:
    """Return what a button belongs to, for who hears the page: ``map: On time, by cell, 9-15 Nov``. The stylesheet takes it from sight.

    The key is in it because two blocks may draw the same answer.
    """
    others = f" and {write.counted(len(behind) - 1, 'other')}" if len(behind) > 1 else ""
    return write.quoted(f"{key.replace('-', ' ')}: {behind[0].title}", longest=_LONGEST_SPOKEN) + others


@st.dialog(LABEL, width="large")
def _opened(behind: Sequence[Behind]) -> None:
    several(behind, key="source")


def several(behind: Sequence[Behind], *, key: str) -> None:
    """Draw one of several, and the choice between them where there is one."""
    chosen = 0
    if len(behind) > 1:
        chosen = st.selectbox("Figure", range(len(behind)), format_func=lambda place: behind[place].title, key=f"{key}-figure")
    draw(behind[chosen])


def draw(behind: Behind) -> None:
    """Draw the definition, the rows and the query of one."""
    st.markdown(behind.definition)
    st.markdown(f"**Rows.** {behind.rows}")
    if behind.sql:
        st.markdown("**The query**, on the tables of this version:")
        st.code(behind.sql, language="sql", height=220)
    if behind.command:
        st.markdown("**By hand.** The same rows, this query, and the tables that it runs on:")
        st.code(behind.command, language="bash", wrap_lines=True)


def of_answer(answer: Answer) -> Behind:
    """Return what stands behind an answer."""
    asked = written(answer.metric, answer.parameters)
    version = f"--version {answer.version_id}"
    opening = f"python -m data open {answer.version_id} > open.sql && duckdb -init open.sql"
    by_hand = f"{asked} {version}\n{asked} {version} --sql\n{opening}"
    return Behind(title(answer), definition(answer.metric), rows(answer), answer.sql, by_hand)


def in_words(dimension: str) -> str:
    """Return a dimension in words."""
    return _WORDS.get(dimension, dimension.replace("_", " "))


def title(answer: Answer) -> str:
    """Return what an answer is, in words: ``On time, by mall, 9-15 Nov``."""
    asked = answer.parameters
    by = f"by {write.listed([in_words(each) for each in asked.by])}" if asked.by else ""
    days = write.day_range(asked.start_on, asked.end_on) if asked.start_on and asked.end_on else ""
    hour = write.hour_of_week((asked.dow, asked.hour)) if asked.dow is not None and asked.hour is not None else ""
    return ", ".join(filter(None, [answer.metric.label, asked.mall_id or "", by, days, hour]))


def definition(metric: Metric) -> str:
    """Return what a figure means, as Markdown: a sentence, the definition, the formula, and whose definition it is."""
    first = metric.definition.split("\n\n", 1)[0].replace("\n", " ")
    version = f"Version {metric.version} of the definition" + (f", since {metric.changes[-1].on}" if metric.changes else "")
    return (
        f"**{metric.label}** (`{metric.id}`). {metric.help}\n\n**Definition.** {first}\n\n**Formula.** `{metric.formula}`\n\n"
        f"{kind(metric)}; unit: {unit(metric)}; {_BETTER[metric.direction]}. {version}. *Source: {metric.source}.* "
        f"[In the dictionary](dictionary?metric={metric.id})"
    )


def kind(metric: Metric) -> str:
    """Return whether a figure was observed or modelled, in words."""
    if metric.modelled:
        return "Modelled"
    return "Observed, with a model" if metric.model else "Observed"


def unit(metric: Metric) -> str:
    """Return the unit of a figure, in words."""
    return _UNITS.get(metric.unit, metric.unit)


def rows(answer: Answer) -> str:
    """Return how many rows an answer has and what is counted in them, as far as it may be told."""
    found = write.counted(answer.table.num_rows, "row")
    if answer.metric.facts is None:
        return f"{found}. Made by a model from people and drive times: no {answer.rows_are} are counted in them."
    if answer.rows_behind is None:
        shown = f"{write.whole(answer.rows_shown)} {answer.rows_are} are behind those that are shown"
        counted = f"{shown}; the hidden ones have {answer.too_few}, so that no total is told"
    elif answer.hidden_share >= 1:
        counted = f"All hidden: {answer.too_few}"
    else:
        counted = f"{write.whole(answer.rows_behind)} {answer.rows_are} are behind {'it' if answer.table.num_rows == 1 else 'them'}"
        if answer.hidden_share:
            counted += f", {write.percent(answer.hidden_share)} of them in hidden rows"
    lost = "".join(f" Left out: {write.whole(count)} {reason}." for reason, count in answer.left_out.items())
    note = f" {answer.note[:1].upper()}{answer.note[1:]}." if answer.note else ""
    return f"{found}. {counted}.{lost}{note}"


def _once(answers: Sequence[Answer]) -> list[Behind]:
    """Return what stands behind answers, each question once."""
    asked = {(each.metric.id, each.parameters, each.version_id): each for each in answers}
    return [of_answer(each) for each in asked.values()]
