"""The demo's figures beside published ones: what a version achieves, what others measured, and where that is written.

Figures are whole-period sums over everything in the version; definitions as in the glossary. ``calibration`` answers, ``text`` prints.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from data.engine import Engine
from data.warehouse import Version

MDRP = "Reyes et al. 2018, The Meal Delivery Routing Problem: public instances"
NYC = "NYC Department of Consumer and Worker Protection 2022, study of app-based restaurant delivery workers"
NYC_PAY = f"{NYC}: proposed 17.87 to 23.82 dollars"
NYC_BUSY = f"{NYC}: 40 % of online time is waiting"
OFFERS = "target of the demo, 13 %; no citable publication found"
PROMISES = "assumption: retailers report on-time shares of about 90 %"
MALLS = "assumption: longer than meals (30 to 40 min, Reyes et al. 2018), for the packing and the way into the mall"


@dataclass(frozen=True)
class Published:
    """A published figure: its name, unit, band (both ends included), and source."""

    figure: str
    unit: str
    low: float
    high: float
    source: str


@dataclass(frozen=True)
class Row:
    """One achieved figure beside the published one; ``market_id`` is None over all markets, ``achieved`` None where nothing can be said."""

    published: Published
    market_id: str | None
    achieved: float | None

    @property
    def is_within(self) -> bool:
        """Whether the achieved figure lies in the published band."""
        return self.achieved is not None and self.published.low <= self.achieved <= self.published.high


PUBLISHED = (
    Published("earnings_per_online_hour", "$", 18, 25, NYC_PAY),
    Published("deliveries_per_online_hour", "", 1.2, 2.4, MDRP),
    Published("utilization", "%", 55, 65, NYC_BUSY),
    Published("declined_share", "%", 12, 14.5, OFFERS),
    Published("click_to_door_mean", "min", 50, 65, MALLS),
    Published("on_time_share", "%", 87, 93, PROMISES),
)
"""What the demo is calibrated to, in the order in which it is printed."""

_SUMS = """
WITH turns AS (  -- the union of a driver's trips: what a trip adds to the earlier ones
    SELECT market_id, driver_id, ended_at,
           greatest(accepted_at, max(ended_at) OVER (PARTITION BY driver_id ORDER BY accepted_at, trip_id
                                                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS begun_at
    FROM trips WHERE ended_at > accepted_at
),
engaged AS (  -- clipped to the shift in which it began
    SELECT turns.market_id, sum(greatest(0, date_diff('second', begun_at, least(turns.ended_at, shifts.end_at)))) AS engaged_s
    FROM turns ASOF JOIN shifts ON turns.driver_id = shifts.driver_id AND turns.begun_at >= shifts.start_at
    WHERE turns.ended_at > begun_at GROUP BY ALL
),
online AS (SELECT market_id, sum(online_s) AS online_s FROM shifts GROUP BY ALL),
paid AS (SELECT market_id, sum(pay_cents) AS pay_cents FROM trips GROUP BY ALL),
offered AS (SELECT market_id, count(*) AS offers, count(*) FILTER (status = 'declined') AS declined FROM offers GROUP BY ALL),
doors AS (
    SELECT market_id, count(*) AS delivered, count(click_to_door_s) AS timed, sum(click_to_door_s) AS click_to_door_s,
           count(late_s) AS promised, count(*) FILTER (late_s <= 0) AS on_time
    FROM orders WHERE status = 'delivered' GROUP BY ALL
)
SELECT market_id, coalesce(engaged_s, 0)::BIGINT AS engaged_s, coalesce(online_s, 0)::BIGINT AS online_s,
       coalesce(pay_cents, 0)::BIGINT AS pay_cents, coalesce(offers, 0) AS offers, coalesce(declined, 0) AS declined,
       coalesce(delivered, 0) AS delivered, coalesce(timed, 0) AS timed, coalesce(click_to_door_s, 0)::BIGINT AS click_to_door_s,
       coalesce(promised, 0) AS promised, coalesce(on_time, 0) AS on_time
FROM doors FULL JOIN online USING (market_id) FULL JOIN engaged USING (market_id) FULL JOIN paid USING (market_id)
     FULL JOIN offered USING (market_id)
ORDER BY market_id
"""

_RATIOS: dict[str, tuple[str, str, float]] = {
    "earnings_per_online_hour": ("pay_cents", "online_s", 36.0),
    "deliveries_per_online_hour": ("delivered", "online_s", 3600.0),
    "utilization": ("engaged_s", "online_s", 100.0),
    "declined_share": ("declined", "offers", 100.0),
    "click_to_door_mean": ("click_to_door_s", "timed", 1 / 60),
    "on_time_share": ("on_time", "promised", 100.0),
}
"""Numerator, denominator, and what their quotient is multiplied by to give the unit of ``PUBLISHED``."""


def calibration(version: Version) -> list[Row]:
    """Return achieved figures beside the published ones, over all markets and then market by market.

    Parameters
    ----------
    version
        Any version; the figures of a demo are meant to lie in the bands, those of real data need not.

    Returns
    -------
    list of Row
        For each published figure one row over all markets, then one per market with orders. ``achieved`` is numerator sum over
        denominator sum, None where the denominator is 0.
    """
    markets: list[dict[str, int]] = Engine.of(version).table(_SUMS).to_pylist()
    names = [str(market.pop("market_id")) for market in markets]
    total = {key: sum(market[key] for market in markets) for key in (markets[0] if markets else {})}
    return [
        Row(published, name, _achieved(published.figure, sums))
        for published in PUBLISHED
        for name, sums in [(None, total), *zip(names, markets, strict=True)]
    ]


def _achieved(figure: str, sums: dict[str, int]) -> float | None:
    numerator, denominator, factor = _RATIOS[figure]
    return sums[numerator] / sums[denominator] * factor if sums.get(denominator) else None


def text(rows: Sequence[Row]) -> str:
    """Return the rows as a plain table: achieved, band, within or not, and the source under each figure."""
    lines = [f"{'figure':<28}{'market':<14}{'achieved':>10}  {'published':<16}"]
    for row in rows:
        published = row.published
        band = f"{published.low:g} to {published.high:g} {published.unit}".strip()
        achieved = "-" if row.achieved is None else f"{row.achieved:.2f}"
        mark = "" if row.is_within else "  outside"
        if row.market_id is None:
            lines.append(f"{published.figure:<28}{'all':<14}{achieved:>10}  {band:<16}{mark}  {published.source}".rstrip())
        else:
            lines.append(f"{'':<28}{row.market_id:<14}{achieved:>10}  {'':<16}{mark}".rstrip())
    return "\n".join(lines)
