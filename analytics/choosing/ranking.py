"""Candidates in order: score, rank, how sure the rank is, and the raw figures beside each."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from analytics.choosing.criteria import BY_ID, CRITERIA, Criterion, Unit, scales
from analytics.choosing.measures import Measure, Say, measures, yardstick
from analytics.choosing.scenario import Limit, Scenario
from analytics.choosing.sites import Site, sites
from analytics.models.scores import WHOLE, Integers, Scale, all_weightings, best_first, rank_counts, scaled, totals, weightings_around
from data.warehouse import Version

TOP: Final = 3
_MOST_MIN: Final = 120
_FACTORS: Final[Mapping[Unit, tuple[float, str]]] = {
    "people": (1, ""),
    "count": (1, ""),
    "orders": (1, " a week"),
    "minutes": (1 / 60, " min"),
    "share": (0.1, " %"),
    "money": (0.01, ""),
    "hours": (1, " h"),
    "distance": (1 / 1609.344, " mi"),
}


@dataclass(frozen=True)
class Ranked:
    """One candidate.

    Attributes
    ----------
    site
        The place.
    rank
        1 for the best; None where it fails a hard limit.
    score
        0 to 100; None where nothing that it is weighed by is known of any candidate.
    top_permille, top_around_permille
        Under how many of 1,000 weightings it is among the first three: of all there are, and of those around the scenario's own.
    first_permille, first_around_permille
        The same for being the first.
    failed
        Which limits it fails, in words; empty where none.
    unknown
        Labels of weighed criteria and limits that are unknown of it.
    """

    site: Site
    rank: int | None
    score: float | None
    top_permille: int | None = None
    top_around_permille: int | None = None
    first_permille: int | None = None
    first_around_permille: int | None = None
    failed: str = ""
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ranking:
    """Candidates, best first; those that fail a limit last.

    Attributes
    ----------
    rows
        One per candidate.
    measured
        By criterion, in the order of ``rows``.
    scores
        By criterion, 0 to 10,000, in the order of ``rows``.
    weights
        Of the criteria that count, percent of their sum kept as given.
    left_out
        Criteria with a weight of which nothing is known.
    scales
        Anchors of every criterion.
    counts, counts_around
        Rank acceptability, under all weightings and under those around the scenario's own: a row per candidate that fails no limit, a
        column per rank.
    """

    rows: tuple[Ranked, ...]
    measured: Mapping[str, Measure]
    scores: Mapping[str, Integers]
    weights: Mapping[str, int]
    left_out: tuple[Criterion, ...]
    scales: Mapping[str, Scale]
    counts: Integers
    counts_around: Integers

    @property
    def standing(self) -> tuple[Ranked, ...]:
        """Candidates that fail no limit."""
        return tuple(row for row in self.rows if row.rank is not None)


SHOWN: Final = ("newly", "orders", "p90", "short", "cost", "taken")
"""Criteria that stand in the table of candidates whatever weighs."""


def ranking(version: Version, scenario: Scenario, *, also: Collection[str] = SHOWN, say: Say = lambda *_: None) -> Ranking:
    """Return the candidates of a scenario in order.

    Parameters
    ----------
    version
        Data.
    scenario
        Market, assumptions, weights, anchors, limits and pins.
    also
        Criteria to measure beside those that weigh or limit.
    say
        Told which criterion is worked out, and how many of how many are done.

    Raises
    ------
    ParameterError
        If the data has no such market, or a pin bears the id of a mall.
    """
    candidates = [site for site in _sites(version, scenario) if not site.is_open]
    weighed = {name: weight for name, weight in scenario.weighting.items() if weight}
    limits = dict(scenario.limits)
    wanted = [each.id for each in CRITERIA if each.id in {*also, *weighed, *limits}]
    measured = measures(version, candidates, scenario.terms, wanted, say)
    anchors = scales(scenario.terms.within_s, yardstick(version)) | dict(scenario.anchors)
    known = {name: weight for name, weight in weighed.items() if measured[name].is_known}
    scored = {name: scaled(measured[name].numbers(), anchors[name]) for name in wanted}
    failed = [_failed(measured, limits, place) for place in range(len(candidates))]
    return _ordered(candidates, measured=measured, scored=scored, weights=known, failed=failed, heeded=[*weighed, *limits], anchors=anchors)


def _sites(version: Version, scenario: Scenario) -> tuple[Site, ...]:
    chosen = () if scenario.market_id is None else (scenario.market_id,)
    return sites(version, chosen, scenario.pins)


def _ordered(
    candidates: Sequence[Site],
    *,
    measured: Mapping[str, Measure],
    scored: Mapping[str, Integers],
    weights: Mapping[str, int],
    failed: Sequence[str],
    heeded: Sequence[str],
    anchors: Mapping[str, Scale],
) -> Ranking:
    names, left_out = [*weights], [name for name in dict.fromkeys(heeded) if not measured[name].is_known]
    table = np.stack([scored[name] for name in names], axis=1) if names else np.zeros((len(candidates), 0), np.int64)
    whole = np.array([weights[name] for name in names], np.int64)
    sums = totals(table, whole)
    passing = np.array([place for place, why in enumerate(failed) if not why], np.int64)
    order = passing[best_first(sums[passing])]
    last = [place for place, why in enumerate(failed) if why]
    last.sort(key=lambda place: (-int(sums[place]), place))
    counts = rank_counts(table[order], all_weightings(len(names))) if names else np.zeros((len(order), 0), np.int64)
    around = rank_counts(table[order], weightings_around(whole)) if names else counts
    sure = [_top(each, places) for places in (TOP, 1) for each in (counts, around)]
    rows = []
    for rank, place in enumerate([*order.tolist(), *last]):
        is_ranked = rank < len(order)
        rows.append(
            Ranked(
                site=candidates[place],
                rank=rank + 1 if is_ranked else None,
                score=round(100 * int(sums[place]) / (WHOLE * int(whole.sum())), 1) if names else None,
                top_permille=sure[0][rank] if is_ranked else None,
                top_around_permille=sure[1][rank] if is_ranked else None,
                first_permille=sure[2][rank] if is_ranked else None,
                first_around_permille=sure[3][rank] if is_ranked else None,
                failed=failed[place],
                unknown=tuple(
                    BY_ID[name].label for name in dict.fromkeys(heeded) if name not in left_out and measured[name].values[place] is None
                ),
            )
        )
    final = [*order.tolist(), *last]
    return Ranking(
        rows=tuple(rows),
        measured={name: _in_order(measure, final) for name, measure in measured.items()},
        scores={name: scored[name][final] for name in scored},
        weights=dict(weights),
        left_out=tuple(BY_ID[name] for name in left_out),
        scales=anchors,
        counts=counts,
        counts_around=around,
    )


def _in_order(measure: Measure, order: Sequence[int]) -> Measure:
    def picked(values: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return tuple(values[place] for place in order) if values else ()

    reasons = {new: measure.reasons[old] for new, old in enumerate(order) if measure.reasons and old in measure.reasons}
    return Measure(picked(measure.values), picked(measure.low), picked(measure.high), reasons)


def _top(counts: Integers, places: int) -> list[int | None]:
    """Return under how many of 1,000 weightings each mall is among the first so many; None where nothing weighs."""
    if not counts.shape[1]:
        return [None] * len(counts)
    return [round(1000 * int(each) / int(counts[0].sum())) for each in counts[:, :places].sum(axis=1)]


def _failed(measured: Mapping[str, Measure], limits: Mapping[str, Limit], place: int) -> str:
    said = []
    for name, limit in limits.items():
        value = measured[name].values[place]
        if value is not None and limit.least is not None and value < limit.least:
            said.append(f"{BY_ID[name].label} {in_units(value, BY_ID[name].unit)}, under {in_units(limit.least, BY_ID[name].unit)}")
        if value is not None and limit.most is not None and value > limit.most:
            said.append(f"{BY_ID[name].label} {in_units(value, BY_ID[name].unit)}, over {in_units(limit.most, BY_ID[name].unit)}")
    return "; ".join(said)


def in_units(value: float, unit: Unit) -> str:
    """Return a stored number as a sentence has it: ``52 min``, ``$7.42``, ``12,480``."""
    factor, suffix = _FACTORS[unit]
    shown = value * factor
    if unit == "minutes" and abs(shown) > _MOST_MIN:
        hours, minutes = divmod(round(shown), 60)
        return f"{hours:,} h {minutes:02d} min"
    if unit == "money":
        return f"${shown:,.2f}" if abs(shown) < 1000 else f"${shown:,.0f}"
    digits = 1 if unit in {"share", "distance"} or (unit == "minutes" and shown != round(shown)) else 0
    return f"{shown:,.{digits}f}{suffix}"


def span(low: float, high: float, unit: Unit) -> str:
    """Return two stored numbers as a sentence has them: ``1,437 to 6,529 a week``."""
    first, last, suffix = in_units(low, unit), in_units(high, unit), _FACTORS[unit][1]
    is_shared = bool(suffix) and " h " not in f"{first} {last}"
    return f"{first.removesuffix(suffix) if is_shared else first} to {last}"


def table(ranked: Ranking) -> pa.Table:
    """Return a ranking as a table: a row per candidate, stored units in the columns' names, each raw figure with its score beside it.

    Returns
    -------
    pyarrow.Table
        - ``rank``: null where a hard limit is failed; ``score`` 0 to 100; ``top3_permille``, ``top3_around_permille``, and the same of
          being ``first``
        - ``site_id``, ``name``, ``market_id``, ``is_pin``, ``latitude``, ``longitude``
        - for every criterion measured: its column, ``_low80`` and ``_high80`` of it where it has an interval, and ``_score``, 0 to 100
        - ``failed_limits``, ``unknown``: in words
    """
    rows = ranked.rows
    columns: dict[str, pa.Array] = {
        "rank": pa.array([row.rank for row in rows], pa.int64()),
        "site_id": pa.array([row.site.id for row in rows], pa.string()),
        "name": pa.array([row.site.name for row in rows], pa.string()),
        "market_id": pa.array([row.site.market_id for row in rows], pa.string()),
        "is_pin": pa.array([row.site.is_pin for row in rows], pa.bool_()),
        "latitude": pa.array([row.site.latitude for row in rows], pa.float64()),
        "longitude": pa.array([row.site.longitude for row in rows], pa.float64()),
        "score": pa.array([row.score for row in rows], pa.float64()),
        "top3_permille": pa.array([row.top_permille for row in rows], pa.int64()),
        "top3_around_permille": pa.array([row.top_around_permille for row in rows], pa.int64()),
        "first_permille": pa.array([row.first_permille for row in rows], pa.int64()),
        "first_around_permille": pa.array([row.first_around_permille for row in rows], pa.int64()),
    }
    for name, measure in ranked.measured.items():
        column = BY_ID[name].column
        columns[column] = pa.array(measure.values, pa.int64())
        if measure.low:
            columns[f"{column}_low80"] = pa.array(measure.low, pa.int64())
            columns[f"{column}_high80"] = pa.array(measure.high, pa.int64())
        columns[f"{column}_score"] = pa.array([each / 100 for each in ranked.scores[name].tolist()], pa.float64())
    columns["failed_limits"] = pa.array([row.failed or None for row in rows], pa.string())
    columns["unknown"] = pa.array(["; ".join(row.unknown) or None for row in rows], pa.string())
    return pa.table(columns)
