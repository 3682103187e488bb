"""Rows of the tables that do not depend on orders: markets, malls, stations, baseline, demand cells."""

from datetime import timedelta

import numpy as np
import pyarrow as pa
from numpy.random import Generator

from data.demo.files import Files, constant
from data.demo.geography import METERS_PER_DEGREE, Cells
from data.demo.model import MallModel, Model
from data.demo.plan import Market, Plan


def add_places(files: Files, plan_: Plan, model: Model, seed: int) -> None:
    """Write markets, malls, stations and the baseline."""
    markets = plan_.markets
    files.add(
        "markets",
        {
            "market_id": [market.market_id for market in markets],
            "name": [market.name for market in markets],
            "time_zone": [market.time_zone for market in markets],
            "currency": ["USD"] * len(markets),
            "week_start": [1] * len(markets),
            "boundary_counties": pa.array([market.boundary_counties for market in markets], pa.string()),
            "boundary_name": [market.boundary_name for market in markets],
            "boundary_polygon": pa.array([market.boundary_polygon for market in markets], pa.string()),
        },
    )
    pairs = [(market, mall) for market in markets for mall in market.malls]
    files.add(
        "malls",
        {
            "mall_id": [mall.mall_id for _, mall in pairs],
            "market_id": [market.market_id for market, _ in pairs],
            "name": [mall.name for _, mall in pairs],
            "status": ["candidate" if mall.model is None else "open" for _, mall in pairs],
            "opened_on": pa.array([None if mall.model is None else plan_.opened_on(mall.model) for _, mall in pairs], pa.date32()),
            "latitude": [mall.latitude for _, mall in pairs],
            "longitude": [mall.longitude for _, mall in pairs],
            "store_count": [mall.store_count for _, mall in pairs],
            "gross_leasable_m2": pa.array([mall.gross_leasable_m2 for _, mall in pairs], pa.int64()),
            "opening_hours": [_opening_hours(mall.model, model) for _, mall in pairs],
        },
    )
    files.add_empty("demand_areas")  # the demo's people come as cells; areas of an earlier load are no part of it
    stations = [_station(market, model) for market in markets]
    files.add(
        "stations",
        {
            "station_id": [f"station-{market.market_id}" for market in markets],
            "market_id": [market.market_id for market in markets],
            "name": [f"{market.name} station (invented)" for market in markets],
            "latitude": [latitude for latitude, _ in stations],
            "longitude": [longitude for _, longitude in stations],
        },
    )
    for number, market in enumerate(markets):
        files.add("baseline", _baseline(market, plan_, model, np.random.default_rng([seed, 14, number])))


def _opening_hours(opened: MallModel | None, model: Model) -> str:
    weekday, sunday = (opened.weekday_hours, opened.sunday_hours) if opened is not None else model.candidate_hours
    return f"Mo-Sa {weekday[0]:02d}:00-{weekday[1]:02d}:00; Su {sunday[0]:02d}:00-{sunday[1]:02d}:00"


def _station(market: Market, model: Model) -> tuple[float, float]:
    north_km, east_km = model.station_offset_km
    anchor = next(mall for mall in market.malls if mall.model is not None)
    latitude = anchor.latitude + north_km * 1_000 / METERS_PER_DEGREE
    return latitude, anchor.longitude + east_km * 1_000 / METERS_PER_DEGREE / float(np.cos(np.radians(anchor.latitude)))


def _baseline(market: Market, plan_: Plan, model: Model, rng: Generator) -> dict[str, object]:
    weekday = (plan_.first_day.weekday() + np.arange(plan_.days)) % 7
    orders = model.baseline_orders_per_day * np.array(model.weekday_factors)[weekday] * rng.lognormal(0, 0.06, plan_.days)
    orders = orders.astype(np.int64)
    hours = model.baseline_click_to_door_h * rng.lognormal(0, 0.03, plan_.days)
    cents = model.baseline_cost_cents * rng.lognormal(0, 0.03, plan_.days)
    return {
        "market_id": constant(market.market_id, plan_.days),
        "cell": pa.nulls(plan_.days, pa.int64()),
        "local_date": [plan_.first_day + timedelta(days=day) for day in range(plan_.days)],
        "orders": orders,
        "click_to_door_sum_s": (orders * hours * 3600).astype(np.int64),
        "cost_sum_cents": (orders * cents).astype(np.int64),
    }


def add_cells(files: Files, market: Market, cells: Cells) -> None:
    """Append the people of a market."""
    files.add(
        "demand_cells",
        {
            "market_id": constant(market.market_id, len(cells.cell)),
            "cell": cells.cell,
            "population": cells.population,
            "households": cells.households,
        },
    )
