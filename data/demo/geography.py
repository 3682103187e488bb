"""Where people live, where doors stand, and how long the drive takes: cells, distances, the prior curve."""

import math
from dataclasses import dataclass

import h3.api.numpy_int as h3
import numpy as np
from numpy.typing import NDArray

from data.cells import EARTH_RADIUS_M, Floats, Integers, centers, haversine_m
from data.contracts import CELL_RESOLUTION
from data.demo.model import Model
from data.demo.plan import Mall, Market, Place, rounded

METERS_PER_DEGREE = math.pi * EARTH_RADIUS_M / 180
_RING_SPACING_M = 300.0  # grid_disk at resolution 9 grows by at least this much a step


@dataclass(frozen=True)
class Cells:
    """The populated cells of a market, by cell id: centers in degrees, whole people and households, largest safe distance of a door."""

    cell: Integers
    latitude: Floats
    longitude: Floats
    population: Integers
    households: Integers


@dataclass(frozen=True)
class Catchment:
    """The cells a mall delivers to: positions in the market's cells and the running sum of their demand weights."""

    position: Integers
    running_weight: Floats


def from_mall_m(mall: Mall, latitude: Floats, longitude: Floats) -> Floats:
    """Return straight-line distances from a mall to points, meters."""
    return haversine_m(np.float64(mall.latitude), np.float64(mall.longitude), latitude, longitude)


def typical_drive_s(distance: Floats, model: Model) -> Floats:
    """Return the median drive for a straight-line distance in meters: the prior curve, in seconds, straight between its points."""
    return np.interp(distance / 1_000, model.drive_km, model.drive_min) * 60


def hour_factor(distance: Floats, seconds: NDArray[np.number], *, is_weekend: NDArray[np.bool_], model: Model) -> Floats:
    """Return the factor of the hour on a drive: it grows with distance until ``full_drag_km``; ``seconds`` are since local midnight."""
    hours = np.clip(seconds // 3600 - 10, 0, len(model.hour_drag_weekday) - 1).astype(np.int64)
    drag = np.where(is_weekend, np.array(model.hour_drag_weekend)[hours], np.array(model.hour_drag_weekday)[hours])
    factor: Floats = 1 + drag * np.minimum(1, distance / (model.full_drag_km * 1_000))
    return factor


def _built_up_radius_m(place: Place, model: Model) -> float:
    area_km2 = min(place.land_area_km2, place.population / model.built_up_people_per_km2)
    return 1_000 * math.sqrt(area_km2 / math.pi)


def _place_disc(place: Place, radius_m: float) -> tuple[Integers, Floats]:
    """Return the cells whose centers lie in the place's disc, and their distance from its center in radii; at least one cell."""
    center = h3.latlng_to_cell(place.latitude, place.longitude, CELL_RESOLUTION)
    cells = np.sort(h3.grid_disk(center, 1 + math.ceil(radius_m / (_RING_SPACING_M * 0.85))).astype(np.int64))
    latitude, longitude = centers(cells)
    radii = haversine_m(np.float64(place.latitude), np.float64(place.longitude), latitude, longitude) / radius_m
    inside = radii <= max(1.0, float(radii.min()))
    return cells[inside], radii[inside]


def market_cells(market: Market, model: Model) -> Cells:
    """Lay the people of a market's places out over resolution-9 cells.

    A place is a disc of its built-up area; where discs overlap, a cell belongs to the place whose center is nearest in radii of that
    place, so that no cell is counted twice. Density falls from the center to the rim. Whole people by largest remainder: every place
    keeps its census population exactly. Households are people by the market's household size, split the same way.
    """
    discs = [_place_disc(place, _built_up_radius_m(place, model)) for place in market.places]
    cell = np.concatenate([cells for cells, _ in discs])
    radii = np.concatenate([each for _, each in discs])
    owner = np.repeat(np.arange(len(discs)), [len(cells) for cells, _ in discs])
    order = np.lexsort((owner, radii, cell))
    cell, radii, owner = cell[order], radii[order], owner[order]
    first = np.r_[True, cell[1:] != cell[:-1]]
    cell, radii, owner = cell[first], radii[first], owner[first]
    population = np.zeros(len(cell), np.int64)
    for index, place in enumerate(market.places):
        own = np.flatnonzero(owner == index)
        if not len(own):  # swallowed by its neighbors: its people live in the cell of its center, which a neighbor owns
            own = np.flatnonzero(cell == discs[index][0][np.argmin(discs[index][1])])
        population[own] += rounded(np.exp(-model.center_density_factor * radii[own]), place.population)
    lived_in = population > 0
    cell, population = cell[lived_in], population[lived_in]
    size = dict(model.household_size)[market.template_id]
    households = rounded(population.astype(np.float64), round(int(population.sum()) / size))
    return Cells(cell, *centers(cell), population, households)


def catchment(cells: Cells, mall: Mall, model: Model) -> Catchment:
    """Return the cells around a mall with demand weights: households times exp(-drive / decay), none beyond the farthest drive."""
    drive_min = typical_drive_s(from_mall_m(mall, cells.latitude, cells.longitude), model) / 60
    near = np.flatnonzero(drive_min <= model.farthest_min)
    return Catchment(near, np.cumsum(cells.households[near] * np.exp(-drive_min[near] / model.decay_min)))


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64-bit numbers (the finalizer of SplitMix64), so that a door's place in its cell follows from who lives there."""
    mixed = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def doors(cells: Cells, position: Integers, resident: Integers) -> tuple[Floats, Floats]:
    """Return the doors of residents, in degrees: a fixed point within 120 m of the cell's center, hence inside the cell.

    The shortest way from the center of a resolution-9 cell to its edge is over 130 m in all markets of the demo.
    """
    who = _mixed(cells.cell[position].astype(np.uint64) * np.uint64(2_654_435_761) + resident.astype(np.uint64))
    angle = (who >> np.uint64(32)).astype(np.float64) * (2 * math.pi / 2**32)
    radius_deg = 120 * np.sqrt((who & np.uint64(0xFFFFFFFF)).astype(np.float64) / 2**32) / METERS_PER_DEGREE
    latitude = cells.latitude[position] + radius_deg * np.sin(angle)
    longitude = cells.longitude[position] + radius_deg * np.cos(angle) / np.cos(np.radians(cells.latitude[position]))
    return latitude, longitude
