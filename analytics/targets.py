"""Targets per metric, from the table ``[targets]`` of ``mallreach.toml``. Without that file there are none: a target is never assumed.

::

    [targets]
    on_time_share = 0.92              # more is better: at least
    click_to_door_p90_s = 3600        # less is better: at most
    utilization_share = [0.55, 0.70]  # neither: a band

    [targets.phoenix]                 # of one market; it overrules the general one
    on_time_share = 0.90

A key is the name that the figure has in a file (``docs/metrics.md``), its unit included; a value is in that unit. ``docs/targets.md`` says
it for those who write the file.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any, Final, Literal

from analytics import catalog
from analytics.catalog import Metric
from analytics.changes import Estimate
from analytics.errors import TargetError
from analytics.export import exported_name
from analytics.parameters import Parameters

Verdict = Literal["met", "missed", "open"]
PATH_VARIABLE: Final = "MALLREACH_CONFIG"
FILE_NAME: Final = "mallreach.toml"
_TABLE: Final = "targets"


@dataclass(frozen=True)
class Target:
    """Bounds that a figure should keep, both included, in its stored unit; None leaves a side open."""

    low: float | None = None
    high: float | None = None

    def verdict(self, figure: Estimate) -> Verdict:
        """Say whether a figure keeps the target, by its whole interval: ``open`` where chance could decide, and without an interval.

        ``missed`` needs the whole interval outside on one side.
        """
        if figure.low is None or figure.high is None:
            return "open"
        low = -float("inf") if self.low is None else self.low
        high = float("inf") if self.high is None else self.high
        if low <= figure.low and figure.high <= high:
            return "met"
        return "missed" if figure.high < low or figure.low > high else "open"


@dataclass(frozen=True)
class Targets:
    """Targets by market (None: the general ones) and by the figure's name in a file."""

    by_market: Mapping[str | None, Mapping[str, Target]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether none is set."""
        return not any(self.by_market.values())

    def sets(self, figure: str) -> bool:
        """Whether any market has a target of a figure."""
        return any(figure in each for each in self.by_market.values())

    def of(self, figure: str, market_id: str | None = None) -> Target | None:
        """Return the target of a figure in a market: its own, else the general one, else None."""
        for place in (market_id, None):
            found = self.by_market.get(place, {}).get(figure)
            if found is not None:
                return found
        return None


def default_path() -> Path:
    """Return where the configuration is looked for: ``$MALLREACH_CONFIG``, else ``mallreach.toml`` in the working folder."""
    return Path(os.environ.get(PATH_VARIABLE) or FILE_NAME)


def read_targets(path: Path, market_ids: Iterable[str]) -> Targets:
    """Return the targets that a file sets.

    Parameters
    ----------
    path
        A configuration file; where there is none, there are no targets.
    market_ids
        Markets of the data, which tables of one market must name.

    Raises
    ------
    TargetError
        If the file cannot be read, or names a figure or a market that does not exist: a target that nobody applies must not look like one
        that is met.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Targets()
    except (OSError, UnicodeDecodeError) as error:
        raise TargetError(f"{path}: cannot be read ({error})") from error
    try:
        whole = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TargetError(f"{path}: {error}") from error
    _refuse_unknown(whole, [_TABLE], f"{path}: there is no table")
    raw = _table(whole.get(_TABLE, {}), f"{path} [{_TABLE}]")
    markets = {key: value for key, value in raw.items() if isinstance(value, dict)}
    _refuse_unknown(markets, list(market_ids), f"{path} [{_TABLE}]: there is no market")
    by_market: dict[str | None, Mapping[str, Target]] = {None: _of_table(raw, markets, f"{path} [{_TABLE}]")}
    for market_id, table in markets.items():
        by_market[market_id] = _of_table(table, (), f"{path} [{_TABLE}.{market_id}]")
    return Targets(by_market)


def figure_name(metric: Metric, column: str) -> str:
    """Return the key of a figure, which is its name in a file: ``on_time_share``, ``click_to_door_p90_s``."""
    return exported_name(metric, column, Parameters())


def _of_table(table: Mapping[str, Any], without: Container[str], place: str) -> dict[str, Target]:
    return {key: _target(key, value, place) for key, value in table.items() if key not in without}


def _target(key: str, value: Any, place: str) -> Target:
    """Return a target; the direction of its metric says on which side a single number bounds."""
    metric = _metric_of(key, place)
    if isinstance(value, list):
        if len(value) != 2 or not all(map(_is_number, value)) or value[0] > value[1]:
            raise TargetError(f"{place}: a band is two numbers, the lower one first, not {key} = {value!r}")
        return Target(float(value[0]), float(value[1]))
    if not _is_number(value):
        raise TargetError(f"{place}: a target is a number or a band of two, not {key} = {value!r}")
    if metric.direction == "none":
        raise TargetError(f"{place}: more of {key} is neither better nor worse; give a band such as [{value / 2:g}, {value:g}]")
    return Target(low=float(value)) if metric.direction == "up" else Target(high=float(value))


def _metric_of(key: str, place: str) -> Metric:
    """Return the metric whose figure a key names; refuse a figure that it does not have."""
    owners = [metric for metric in catalog.METRICS if key == metric.id or key.startswith(f"{metric.id}_")]
    owner = max(owners, key=lambda metric: len(metric.id), default=None)
    if owner is not None and key in _figures(owner):
        return owner
    known = [name for metric in catalog.METRICS for name in _figures(metric)]
    near = difflib.get_close_matches(key, known, n=1)
    raise TargetError(f"{place}: there is no figure {key!r}{f'; did you mean {near[0]}?' if near else ''}")


def _figures(metric: Metric) -> frozenset[str]:
    """Return the names of a metric's figures: the columns that the list in its definition describes, and those made from them."""
    items = re.findall(r"^ *- (.*?):", metric.definition.partition("Returns\n-------")[2], re.MULTILINE)
    described = [name for item in items for name in re.findall(r"``(\w+)``", item)]
    means = [f"{stem}mean_{unit}" for stem, unit in (name.rsplit("sum_", 1) for name in described if "sum_" in name)]
    made = {"share": ["share"], "ratio": ["rate"], "money": ["rate"]}.get(metric.kind, [])
    return frozenset(figure_name(metric, column) for column in [*described, *means, *made] if column not in metric.keys)


def _table(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TargetError(f"{place}: a table is needed, not {value!r}")
    return value


def _refuse_unknown(given: Iterable[str], known: list[str], complaint: str) -> None:
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
            raise TargetError(f"{complaint} {name!r}; {hint}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
