"""A market's drive-time model again, out of a published version: drives from places that were not there when it was made.

A version keeps the drives that its model was fitted on, and a fit is the same every time: the model is made anew, not stored. One that
stands on a road graph finds that graph among those kept beside the data, and is taken only where it makes the version's own drives again.
"""

from dataclasses import dataclass

import numpy as np

from data.cells import Integers, centers
from data.engine import Engine
from data.manifest import Version
from data.routing.roads import kept
from data.travel_time.drives import drives_of
from data.travel_time.models import Cells, Model, Place, within_reach
from data.travel_time.rebuild import fit_on
from data.travel_time.tables import MADE_AT_LOAD, analytic

_MALLS = "SELECT mall_id, latitude, longitude FROM malls WHERE market_id = $market ORDER BY mall_id"
_CELLS = "SELECT cell FROM demand_cells WHERE market_id = $market ORDER BY cell"
_DRIVES = """
SELECT mall_id, dropoff_cell, distance_m, drive_s, local_hour, local_dow FROM drives WHERE market_id = $market ORDER BY order_id
"""
_SOURCES = "SELECT source, min(mall_id) AS mall_id FROM catchments WHERE market_id = $market GROUP BY source ORDER BY count(*) DESC, source"
_OF_MALL = "SELECT cell, drive_s FROM catchments WHERE mall_id = $mall ORDER BY cell"


@dataclass(frozen=True)
class Reached:
    """Cells within 45 minutes of a place, nearest first; ties by cell.

    Attributes
    ----------
    cell
        H3 cells of the contracts' resolution.
    drive_s
        Drive from the place, weighted over the hours, whole seconds.
    drive_sdlog_permille
        Its error, thousandths of the log.
    """

    cell: Integers
    drive_s: Integers
    drive_sdlog_permille: Integers


@dataclass(frozen=True)
class MarketModel:
    """What made the drive times of a market, ready for other places.

    Attributes
    ----------
    model
        The model; its calibration has one mall more than the market, from which nobody drove yet.
    cells
        The market's demand cells, ascending.
    place
        Position of the mall from which nobody drove.
    is_same
        Whether it is what made the version's catchments; else drives over distance stand in for a road graph or server that is not at
        hand.
    """

    model: Model
    cells: Cells
    place: int
    is_same: bool

    @property
    def source(self) -> str:
        """What makes the drives, as ``catchments.source`` names it."""
        return self.model.source

    def drives_from(self, latitude: float, longitude: float) -> Reached:
        """Return the drives from a place to the market's demand cells, as a mall there would have them.

        Parameters
        ----------
        latitude, longitude
            The place, degrees.
        """
        seconds = np.rint(self.model.typical_s(self.place, Place("", latitude, longitude), self.cells))
        near = within_reach(seconds)
        drive_s = seconds[near].astype(np.int64)
        return Reached(self.cells.cell[near], drive_s, self.model.spread_permille(self.place, drive_s))


def market_model(version: Version, market_id: str) -> MarketModel:
    """Return the model behind a market's drive times.

    Parameters
    ----------
    version
        Data; nothing is written to it.
    market_id
        Market.

    Raises
    ------
    WarehouseError
        If the version cannot be read.
    """
    engine, market = Engine.of(version), {"market": market_id}
    malls = [Place(**row) for row in engine.table(_MALLS, market).to_pylist()]
    cell = engine.table(_CELLS, market).column("cell").to_numpy()
    cells, drives = Cells(cell, *centers(cell)), drives_of(engine.table(_DRIVES, market), [mall.mall_id for mall in malls])
    sources = {row["source"]: row["mall_id"] for row in engine.table(_SOURCES, market).to_pylist()}
    nobody = Place("", *(float(np.mean([getattr(mall, axis) for mall in malls] or [0.0])) for axis in ("latitude", "longitude")))
    with_one_more = [*malls, nobody]
    made_elsewhere = next((source for source in sources if source not in MADE_AT_LOAD), None)
    if made_elsewhere is None:
        return MarketModel(analytic(with_one_more, drives), cells, len(malls), is_same=True)
    mall_id = sources[made_elsewhere]
    for roads in kept(version.root / "roads"):
        model = fit_on(roads, with_one_more, drives)
        if _makes_again(model, with_one_more, engine, mall_id):
            return MarketModel(model, cells, len(malls), is_same=True)
    return MarketModel(analytic(with_one_more, drives), cells, len(malls), is_same=False)


def _makes_again(model: Model, malls: list[Place], engine: Engine, mall_id: str) -> bool:
    """Tell whether a model makes the catchment of a mall as the version has it."""
    known = engine.table(_OF_MALL, {"mall": mall_id})
    cell = known.column("cell").to_numpy()
    position = next(place for place, mall in enumerate(malls) if mall.mall_id == mall_id)
    seconds = np.rint(model.typical_s(position, malls[position], Cells(cell, *centers(cell))))
    return bool(np.array_equal(seconds, known.column("drive_s").to_numpy()))
