"""A metric's own query over a version and places that it does not have: the same definition, so that a pin's figure is a mall's."""

from collections.abc import Sequence

import pyarrow as pa

from analytics import attraction, catalog
from analytics.choosing.sites import Site, model_of
from analytics.parameters import Parameters
from analytics.questions import question
from data.engine import Engine
from data.warehouse import Version

_BOTH = """
WITH malls AS (
    SELECT * FROM main.malls UNION ALL BY NAME
    SELECT unnest($pin_ids) AS mall_id, unnest($pin_markets) AS market_id, 'candidate' AS status, unnest($pin_stores)::BIGINT AS store_count
), catchments AS (
    SELECT * FROM main.catchments UNION ALL BY NAME
    SELECT unnest($way_ids) AS mall_id, unnest($way_markets) AS market_id, unnest($way_cells)::BIGINT AS cell,
        unnest($way_seconds)::BIGINT AS drive_s
)
SELECT * FROM ({sql})
"""


def table_with_pins(metric: str, parameters: Parameters, pins: Sequence[Site], version: Version) -> pa.Table:
    """Return the whole numbers of a modelled metric of the public tables, as if the pins were candidate malls of the version.

    Parameters
    ----------
    metric
        Id of a metric behind which no person stands, such as ``cannibalization``.
    parameters
        As for ``answers``, without a mall.
    pins
        Sites that the version does not have; none: the metric as it stands.
    version
        Data.

    Returns
    -------
    pyarrow.Table
        Rows of the metric: its groups and whole numbers.

    Raises
    ------
    ValueError
        If people stand behind the metric: those answers go through ``answers`` alone.
    """
    chosen = catalog.metric(metric)
    if chosen.facts is not None:
        raise ValueError(f"{metric} tells of {chosen.facts}: it is asked through answers")
    asked = chosen.understood(parameters)
    if attraction.is_asked_by(chosen):
        asked = attraction.with_exponents(asked, version)
    compiled, engine = question(chosen, asked), Engine.of(version)
    rows = engine.table(_BOTH.format(sql=compiled.sql), _columns(pins, version)) if pins else engine.table(compiled.sql)
    return rows.cast(compiled.schema)


def _columns(pins: Sequence[Site], version: Version) -> dict[str, list[object]]:
    columns: dict[str, list[object]] = {
        "pin_ids": [pin.id for pin in pins],
        "pin_markets": [pin.market_id for pin in pins],
        "pin_stores": [pin.store_count for pin in pins],
    }
    ways = [(pin, model_of(version, pin.market_id).drives_from(pin.latitude, pin.longitude)) for pin in pins]
    columns["way_ids"] = [pin.id for pin, found in ways for _ in range(len(found.cell))]
    columns["way_markets"] = [pin.market_id for pin, found in ways for _ in range(len(found.cell))]
    columns["way_cells"] = [cell for _, found in ways for cell in found.cell.tolist()]
    columns["way_seconds"] = [seconds for _, found in ways for seconds in found.drive_s.tolist()]
    return columns
