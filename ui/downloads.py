"""The export of a table: one visible button for its rows as CSV, and under "More" the other formats and where the rows come from.

Files are made when they are asked for, all of them by ``analytics.export``.
"""

from collections.abc import Callable
from typing import Final

import streamlit as st

from analytics.export import GEO_FORMATS, KINDS, Format, Leaving, file_name, pieces

_ICON: Final = ":material/download:"
_MORE: Final[tuple[Format, ...]] = ("xlsx", "parquet", "json", "geojson", "geoparquet", "zip")
_HELP: Final[dict[Format, str]] = {
    "xlsx": "A workbook: the rows, and a sheet that says what they are.",
    "parquet": "For Python, R and databases; the description is inside.",
    "json": "The description and the rows.",
    "geojson": "The rows with the outlines of their cells, for maps.",
    "geoparquet": "The same for geopandas, QGIS and DuckDB.",
    "zip": "The CSV and its description: data version, sources and their hashes, filters, definitions, what is hidden.",
}


def draw(file: Leaving, *, key: str, more: Callable[[], None] | None = None) -> None:
    """Draw the export of a table: ``CSV, 214 rows``, and beside it a popover with the other formats.

    Parameters
    ----------
    file
        Exactly the rows that were drawn.
    key
        Distinguishes several tables of a page.
    more
        Draws what else stands in the popover: the query, the definition.
    """
    label = f"CSV, {file.rows:,} {'row' if file.rows == 1 else 'rows'}"
    _button(file, "csv", label, key=f"{key}-csv")
    with st.popover("More", key=f"{key}-more"):
        with st.container(horizontal=True, gap="small"):
            for format_ in _MORE:
                if file.has_cells or format_ not in GEO_FORMATS:
                    _button(file, format_, KINDS[format_].label, key=f"{key}-{format_}", help_=_HELP[format_])
            _button(
                file, "csv", "CSV with BOM", key=f"{key}-bom", help_="For older versions of Excel, which show é as Ã© otherwise.", bom=True
            )
        if more is not None:
            more()


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
