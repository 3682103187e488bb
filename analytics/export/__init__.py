"""Every file that leaves the program is made here: CSV, Parquet, JSON, GeoJSON, GeoParquet, Excel, and an archive with its description.

Columns carry their unit in their name, cells are hexadecimal text, hidden rows are marked and empty, and rows of made-up data say so.
``Table`` is what leaves, made from an answer (``of_answer``), from any other table that may be shown (``of_table``), or from several
answers (``analytics.joined``); ``rows_behind`` is every row that an answer's figures count. ``pieces`` writes them in any format.
"""

from analytics.export.about import as_text, description, description_of
from analytics.export.behind import Behind, count_text, none_because, rows_behind
from analytics.export.formats import (
    FORMATS,
    GEO_FORMATS,
    KINDS,
    Format,
    Kind,
    described,
    description_name,
    description_text,
    file_name,
    pieces,
    stream,
    table_csv,
)
from analytics.export.names import exported_name, exported_names, safe_stem
from analytics.export.shapes import geo_frame
from analytics.export.tables import Leaving, Table, exported, leaving, of_answer, of_table
from analytics.export.text import disarmed
from analytics.export.writing import write

__all__ = [
    "FORMATS",
    "GEO_FORMATS",
    "KINDS",
    "Behind",
    "Format",
    "Kind",
    "Leaving",
    "Table",
    "as_text",
    "count_text",
    "described",
    "description",
    "description_name",
    "description_of",
    "description_text",
    "disarmed",
    "exported",
    "exported_name",
    "exported_names",
    "file_name",
    "geo_frame",
    "leaving",
    "none_because",
    "of_answer",
    "of_table",
    "pieces",
    "rows_behind",
    "safe_stem",
    "stream",
    "table_csv",
    "write",
]
