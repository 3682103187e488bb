"""The export of a table: one visible button for its rows as CSV, and under "More" the other formats and the rows behind it.

Files are made when they are asked for, all of them by ``analytics.export``.
"""

from typing import Final

import streamlit as st

from analytics.answers import Answer
from analytics.commands.question import written
from analytics.export import GEO_FORMATS, KINDS, Format, Leaving, count_text, file_name, none_because, pieces, rows_behind
from data.warehouse import Version
from ui import format as write

MOST_ROWS: Final = 1_000_000
"""Rows behind a figure that are handed to a browser; the server holds such a file in memory until it is taken."""

_ICON: Final = ":material/download:"
_MORE: Final[tuple[Format, ...]] = ("xlsx", "parquet", "json", "geojson", "geoparquet", "zip")
_BOM: Final = "With a byte-order mark: older versions of Excel show é as Ã© without it."
_HELP: Final[dict[Format, str]] = {
    "xlsx": "A workbook: the rows, and a sheet that says what they are.",
    "parquet": "For Python, R and databases; the description is inside.",
    "json": "The description and the rows.",
    "geojson": "The rows with the outlines of their cells, for maps.",
    "geoparquet": "The same for geopandas, QGIS and DuckDB.",
    "zip": "The CSV and its description: data version, sources and their hashes, filters, definitions, what is hidden.",
}


def draw(file: Leaving, *, key: str, answer: Answer | None = None, version: Version | None = None) -> None:
    """Draw the export of a table: ``CSV, 214 rows``, and beside it a popover with the other formats and all rows behind it.

    Nothing where the table has no row.

    Parameters
    ----------
    file
        Exactly the rows that were drawn.
    key
        Distinguishes several tables of a page.
    answer, version
        The one answer that was drawn and its version, if it is one: the rows behind it are offered too.
    """
    if not file.rows:
        return
    _button(file, "csv", f"CSV, {write.counted(file.rows, 'row')}", key=f"{key}-csv")
    with st.popover("More", key=f"{key}-more"):
        with st.container(horizontal=True, gap="small"):
            for format_ in _MORE:
                if file.has_cells or format_ not in GEO_FORMATS:
                    _button(file, format_, KINDS[format_].label, key=f"{key}-{format_}", help_=_HELP[format_])
            _button(file, "csv", "CSV for older Excel", key=f"{key}-bom", help_=_BOM, bom=True)
        if answer is not None and version is not None and answer.metric.facts:
            _rows_behind(answer, version, key)


def _rows_behind(answer: Answer, version: Version, key: str) -> None:
    """Draw the export of every row that the shown figures count; where they are too many for a browser, the command that writes them."""
    reason = none_because(answer)
    if reason:
        st.caption(reason)
        return
    words = f"**{count_text(answer).capitalize()} behind it**, a row each: when, the groups of this table, and what the figure rests on."
    st.markdown(f"{words} Nobody is named, and what is hidden stays hidden.")
    behind = rows_behind(answer, version)
    if answer.rows_shown > MOST_ROWS:
        st.markdown(f"These are too many for a browser, which takes {MOST_ROWS:,}. The command line writes them all:")
        st.code(
            f"{written(answer.metric, answer.parameters)} --version {answer.version_id} --rows --out .", language="bash", wrap_lines=True
        )
        return
    with st.container(horizontal=True, gap="small"):
        for format_ in ("csv", "parquet"):
            _button(behind, format_, f"{KINDS[format_].label}, {answer.rows_shown:,} rows", key=f"{key}-rows-{format_}")


def _button(file: Leaving, format_: Format, label: str, *, key: str, help_: str | None = None, bom: bool = False) -> None:
    st.download_button(
        label,
        data=lambda: b"".join(pieces(file, format_, bom=bom)),
        file_name=file_name(file, format_),
        mime=KINDS[format_].mime,
        key=key,
        help=help_,
        on_click="ignore",
        icon=_ICON,
    )
