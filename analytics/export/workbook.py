"""Excel workbooks (Office Open XML), streamed: a sheet of rows, and a sheet that says what they are.

Every cell has a type: numbers are numbers, texts are texts whatever they begin with, and no cell can be a formula. Texts that a
spreadsheet would run if they were typed carry its mark of a text (the hidden apostrophe), so that editing such a cell is safe too.
"""

import re
import zipfile
from collections.abc import Iterator
from typing import Any, Final
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.compute as pc

from analytics.errors import ParameterError
from analytics.export.about import plain_text
from analytics.export.sink import Sink
from analytics.export.tables import Leaving, in_slices
from analytics.export.text import is_formula

MOST_ROWS: Final = 1_048_575
"""Rows under the heading that a sheet can hold; more are refused, never cut."""

_MOST_CHARACTERS: Final = 32_767
_EXACT: Final = 10**15
"""Whole numbers from here on would be rounded by a spreadsheet, which keeps fifteen digits; they are written as texts."""

_EPOCH_DAY: Final = 25_569
"""1 January 1970 as spreadsheets count days."""

_DAY_S: Final = 86_400
_HEADING, _DAY, _INSTANT, _ARMED = 1, 2, 3, 4
_MADE_AT: Final = (1980, 1, 1, 0, 0, 0)
"""Moment that every part of the archive carries, so that the same rows give the same bytes."""

_UNPRINTABLE: Final = r"[\x00-\x08\x0b-\x1f\x{FFFE}\x{FFFF}]|_x[0-9A-Fa-f]{4}_"
_XML: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS: Final = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet2.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="rows" sheetId="1" r:id="rId1"/>'
    '<sheet name="description" sheetId="2" r:id="rId2"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/worksheet" Target="worksheets/sheet2.xml"/>'
    f'<Relationship Id="rId3" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="5">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}


def xlsx(table: Leaving, about: dict[str, Any]) -> Iterator[bytes]:
    """Write a workbook, piece by piece; the same rows give the same bytes.

    Raises
    ------
    ParameterError
        If there are more rows, or a longer text, than a sheet can hold.
    """
    if table.rows > MOST_ROWS:
        raise ParameterError(f"a workbook holds {MOST_ROWS:,} rows, these are {table.rows:,}; take csv or parquet, or ask for less at once")
    sink = Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in _PARTS.items():
            archive.writestr(_entry(name), _XML + content)
        with archive.open(_entry("xl/worksheets/sheet1.xml"), "w", force_zip64=True) as sheet:
            for piece in _sheet(table):
                sheet.write(piece)
                yield sink.emptied()
        archive.writestr(_entry("xl/worksheets/sheet2.xml"), _description(about))
    yield sink.emptied()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _MADE_AT)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _sheet(table: Leaving) -> Iterator[bytes]:
    """Write the rows: a heading that stays in view, then a row of typed cells each."""
    view = '<sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView>'
    widths = "".join(
        f'<col min="{place}" max="{place}" width="{min(40, max(9, len(name) + 2))}" customWidth="1"/>'
        for place, name in enumerate(table.schema.names, start=1)
    )
    columns = f"<cols>{widths}</cols>" if widths else ""
    yield f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews>{view}</sheetViews>{columns}<sheetData>'.encode()
    yield f"<row>{''.join(_text_cell(name, _HEADING) for name in table.schema.names)}</row>".encode()
    for batch in in_slices(table):
        cells = [_cells(column) for column in batch.columns]
        if batch.num_rows and cells:
            rows = pc.binary_join_element_wise("<row>", *cells, "</row>", "")
            yield "".join(rows.to_pylist()).encode()
    yield b"</sheetData></worksheet>"


def _description(about: dict[str, Any]) -> str:
    """Return the second sheet: what is said of the rows, a line each."""
    lines = "".join(f"<row>{_text_cell(name, _HEADING)}{_text_cell(plain_text(value))}</row>" for name, value in about.items())
    widths = '<cols><col min="1" max="1" width="26" customWidth="1"/><col min="2" max="2" width="120" customWidth="1"/></cols>'
    return f'{_XML}<worksheet xmlns="{_MAIN}">{widths}<sheetData>{lines}</sheetData></worksheet>'


def _cells(column: pa.Array) -> pa.Array:
    """Return a column's cells as XML; null is an empty cell."""
    kind = column.type
    if pa.types.is_string(kind):
        return _texts(column)
    if pa.types.is_boolean(kind):
        return _joined('<c t="b"><v>', pc.if_else(column, "1", "0"), "</v></c>")
    if pa.types.is_date(kind):
        return _joined(f'<c s="{_DAY}"><v>', pc.add(column.cast(pa.int32()), _EPOCH_DAY).cast(pa.string()), "</v></c>")
    if pa.types.is_timestamp(kind):
        days = pc.add(pc.divide(column.cast(pa.int64()).cast(pa.float64()), float(_DAY_S)), float(_EPOCH_DAY))
        return _joined(f'<c s="{_INSTANT}"><v>', days.cast(pa.string()), "</v></c>")
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _numbers(column)
    raise TypeError(f"a workbook has no cells for {kind}")


def _numbers(column: pa.Array) -> pa.Array:
    """Return cells of numbers; what a spreadsheet cannot hold as a number, too many digits or no finite value, is a text."""
    written = column.cast(pa.string())
    held = pc.is_finite(column) if pa.types.is_floating(column.type) else pc.and_(pc.greater(column, -_EXACT), pc.less(column, _EXACT))
    numbers = _joined("<c><v>", written, "</v></c>")
    if pc.all(held, min_count=0).as_py():
        return numbers
    return pc.if_else(pc.fill_null(held, True), numbers, _joined('<c t="inlineStr"><is><t>', written, "</t></is></c>"))


def _texts(column: pa.Array) -> pa.Array:
    """Return cells of texts, safe as XML; those that would be formulas if they were typed carry the mark of a text."""
    if (pc.max(pc.utf8_length(column)).as_py() or 0) > _MOST_CHARACTERS:
        raise ParameterError(f"a cell of a workbook holds {_MOST_CHARACTERS:,} characters, and one of these is longer; take csv or parquet")
    safe = column
    for character, meant in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        safe = pc.replace_substring(safe, character, meant)
    if pc.any(pc.match_substring_regex(safe, _UNPRINTABLE)).as_py():
        safe = pa.array([None if text is None else _printable(text) for text in safe.to_pylist()], pa.string())
    cells = _joined('<c t="inlineStr"><is><t xml:space="preserve">', safe, "</t></is></c>")
    armed = is_formula(column)
    if not pc.any(armed, min_count=0).as_py():
        return cells
    return pc.if_else(armed, _joined(f'<c t="inlineStr" s="{_ARMED}"><is><t xml:space="preserve">', safe, "</t></is></c>"), cells)


def _joined(start: str, written: pa.Array, end: str) -> pa.Array:
    return pc.fill_null(pc.binary_join_element_wise(start, written, end, ""), "<c/>")


def _text_cell(text: str, style: int = 0) -> str:
    return f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">{_printable(escape(text[:_MOST_CHARACTERS]))}</t></is></c>'


def _printable(text: str) -> str:
    """Return a text with the characters that XML cannot hold written as workbooks write them: ``_x0007_``."""
    pattern = _UNPRINTABLE.replace(r"\x{FFFE}\x{FFFF}", "\ufffe\uffff")
    return re.sub(pattern, lambda found: "_x005F" + found.group() if found.group()[0] == "_" else f"_x{ord(found.group()):04X}_", text)
