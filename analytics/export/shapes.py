"""Cells with their outlines: GeoJSON, GeoParquet, and geopandas frames for notebooks."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from analytics.answers import Answer
from analytics.errors import ParameterError
from analytics.export.about import on_one_line, plain
from analytics.export.names import exported_names
from analytics.export.sink import Sink
from analytics.export.tables import CELL, Leaving, in_slices, leaving
from data.polygons import geometries, wkb

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

_GEOMETRY: Final = "geometry"
_GEO: Final = {
    "version": "1.1.0",
    "primary_column": _GEOMETRY,
    "columns": {_GEOMETRY: {"encoding": "WKB", "geometry_types": ["MultiPolygon", "Polygon"], "orientation": "counterclockwise"}},
}
"""What GeoParquet says of the column of outlines; without a reference system it is longitude and latitude, WGS 84 (OGC:CRS84)."""


def geojson(table: Leaving, about: dict[str, Any]) -> Iterator[bytes]:
    """Write GeoJSON (RFC 7946): one feature a row, its cell's outline in degrees; rows without a cell have a null geometry."""
    _check(table)
    yield b'{"type": "FeatureCollection", "description": ' + on_one_line(about).encode()
    yield b', "features": ['
    separator = "\n"
    for batch in in_slices(table):
        features = [
            f'{{"type": "Feature", "geometry": {outline or "null"}, "properties": {json.dumps(row, default=plain, ensure_ascii=False)}}}'
            for outline, row in zip(geometries(_cells(batch)), batch.to_pylist(), strict=True)
        ]
        if features:
            yield (separator + ",\n".join(features)).encode()
            separator = ",\n"
    yield b"\n]}\n"


def geoparquet(table: Leaving, about: dict[str, Any]) -> Iterator[bytes]:
    """Write GeoParquet 1.1: the columns as they are, and each row's outline as WKB; rows without a cell have none."""
    _check(table)
    described = {"geo": json.dumps(_GEO), "mallreach": on_one_line(about)}
    schema = table.schema.append(pa.field(_GEOMETRY, pa.binary())).with_metadata(described)
    sink = Sink()
    with pq.ParquetWriter(sink, schema) as writer:
        for batch in table.batches():
            arrays = [*batch.columns, wkb(_cells(batch))]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
            yield sink.emptied()
    yield sink.emptied()


def geo_frame(answer: Answer) -> "GeoDataFrame":
    """Return an answer by cell as a geopandas frame: the columns of the exported file, and each cell's outline.

    Parameters
    ----------
    answer
        Its rows must name cells: asked ``by=("cell",)``, or of a metric whose rows are cells.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per row of the answer, in longitude and latitude (OGC:CRS84); hidden rows have an outline and no figures.

    Raises
    ------
    ParameterError
        If the rows are no cells.
    """
    import geopandas  # noqa: PLC0415 - half a second that only maps need

    if CELL not in answer.table.column_names:
        raise ParameterError(f"the rows of {answer.metric.id} name no cells here; ask it by cell")
    table = leaving(answer.table.rename_columns(exported_names(answer)), is_synthetic=answer.is_synthetic)
    frame = table.to_pandas()
    shapes = geopandas.GeoSeries.from_wkb(wkb(answer.table.column(CELL).combine_chunks()).to_pylist(), crs="OGC:CRS84")
    return geopandas.GeoDataFrame(frame, geometry=shapes)


def _cells(batch: pa.RecordBatch) -> pa.Array:
    """Return the cells of a batch that is leaving, as integers again."""
    return pa.array([None if text is None else int(text, 16) for text in batch.column(CELL).to_pylist()], pa.int64())


def _check(table: Leaving) -> None:
    if not table.has_cells:
        raise ParameterError("the rows name no cells, so there is nothing to draw on a map; ask by cell, or take csv, parquet or xlsx")
