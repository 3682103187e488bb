"""How well modelled drive times fit: counted by hand, and against plain Python."""

from itertools import groupby
from math import ceil
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.town import MONDAY, Town, local


def drove(town: Town, mall: str, drive_s: int, modelled_s: int, *, customers: int = 10, line_m: int | None = 2500, **where: Any) -> None:
    """Let so many customers be driven to, in a drive that the model gives another time."""
    at = local(MONDAY, where.pop("hour", 12), market=town.market_of(mall))
    for _ in range(customers):
        town.order(mall, placed_at=at, delivered_at=at, drive_s=drive_s, modelled_s=modelled_s, distance_m=line_m, **where)
        town.tables["drives"][-1]["drive_s"] = drive_s


def test_errors_by_hand(town: Town) -> None:
    for drive_s, modelled_s, customers in ((600, 540, 12), (500, 620, 9), (900, 900, 9)):
        drove(town, "M1", drive_s, modelled_s, customers=customers)
    drove(town, "M2", 100, 2000)

    row = town.row("drive_error", mall_id="M1")

    # Errors in order: 9 times 0, 12 times 60, 9 times 120; the 15th is 60, the 27th 120.
    assert (row.n, row.sum_s, row.p50_s, row.p90_s) == (30, 12 * 60 + 9 * 120, 60, 120)
    assert (row.drive_sum_s, row.modelled_sum_s) == (12 * 600 + 9 * 500 + 9 * 900, 12 * 540 + 9 * 620 + 9 * 900)
    assert row.mean_s == 60.0


def test_errors_by_hour_place_and_distance(town: Town) -> None:
    drove(town, "M1", 600, 500, hour=12, cell=0, line_m=3000)
    drove(town, "M1", 600, 400, hour=17, cell=7, line_m=4000)

    assert {row.local_hour: row.p50_s for row in town.rows("drive_error", by=("hour",))} == {12: 100, 17: 200}
    assert [row.p50_s for row in town.rows("drive_error", by=("cell",), resolution=8)] == [100, 200]
    assert {row.distance_from_m: row.p50_s for row in town.rows("drive_error", by=("distance_band",))} == {0: 100, 3219: 200}


def test_a_place_with_nine_customers_tells_nothing(town: Town) -> None:
    drove(town, "M1", 600, 500, customers=10, cell=0)
    drove(town, "M1", 600, 500, customers=9, cell=7)

    shown, hidden = town.rows("drive_error", by=("cell",), resolution=8)

    assert (shown.suppressed, shown.n) == (False, 10)
    assert (hidden.suppressed, hidden.n, hidden.p50_s, hidden.drive_sum_s) == (True, None, None, None)


def test_the_curve_goes_kilometer_by_kilometer(town: Town) -> None:
    drove(town, "M1", 300, 240, line_m=999)
    drove(town, "M1", 420, 480, line_m=1000)
    drove(town, "M1", 440, 490, line_m=1999)

    near, far = town.rows("drive_curve")

    assert (near.line_from_m, near.n, near.p50_s, near.modelled_p50_s, near.error_p50_s) == (0, 10, 300, 240, 60)
    assert (far.line_from_m, far.n, far.p50_s, far.p90_s) == (1000, 20, 420, 440)
    assert (far.modelled_p50_s, far.error_p50_s, far.error_p90_s) == (480, 50, 60)


def test_predicted_and_observed_in_classes_of_two_minutes(town: Town) -> None:
    drove(town, "M1", 500, 599)
    drove(town, "M1", 700, 600)
    drove(town, "M1", 800, 719)

    below, above = town.rows("drive_fit")

    assert (below.modelled_from_s, below.n, below.p10_s, below.p50_s, below.p90_s, below.modelled_sum_s) == (480, 10, 500, 500, 500, 5990)
    assert (above.modelled_from_s, above.n, above.p10_s, above.p50_s, above.p90_s) == (600, 20, 700, 700, 800)


def rank(values: list[int], percent: int) -> int:
    """Return the nearest-rank percentile."""
    return sorted(values)[ceil(len(values) * percent / 100) - 1]


@given(st.lists(st.tuples(st.sampled_from(["M1", "M2"]), st.integers(60, 3000), st.integers(60, 3000), st.integers(0, 9000)), max_size=12))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_plain_python_agrees(tmp_path_factory: Any, rows: list[tuple[str, int, int, int]]) -> None:
    town = Town(tmp_path_factory.mktemp("oracle") / "town")
    for mall, drive_s, modelled_s, line_m in rows:
        drove(town, mall, drive_s, modelled_s, line_m=line_m)

    of_mall = {row.mall_id: row for row in town.rows("drive_error", by=("mall",))}
    assert set(of_mall) == {mall for mall, *_ in rows}
    for mall, row in of_mall.items():
        errors = [abs(drive_s - modelled_s) for each, drive_s, modelled_s, _ in rows if each == mall for _ in range(10)]
        assert (row.n, row.sum_s, row.p50_s, row.p90_s) == (len(errors), sum(errors), rank(errors, 50), rank(errors, 90))

    found = [(row.line_from_m, row.n, row.p50_s, row.modelled_p50_s, row.error_p90_s) for row in town.rows("drive_curve")]
    expected = []
    for start, group in groupby(sorted(rows, key=lambda row: row[3] // 1000), key=lambda row: row[3] // 1000 * 1000):
        same = list(group)
        errors = [abs(drive_s - modelled_s) for _, drive_s, modelled_s, _ in same]
        middles = [rank([row[column] for row in same], 50) for column in (1, 2)]
        expected.append((start, 10 * len(same), *middles, rank(errors, 90)))
    assert found == expected

    fit = {row.modelled_from_s: (row.n, row.p10_s, row.p50_s, row.p90_s) for row in town.rows("drive_fit")}
    for start in {row[2] // 120 * 120 for row in rows}:
        same = [drive_s for _, drive_s, modelled_s, _ in rows if modelled_s // 120 * 120 == start]
        assert fit[start] == (10 * len(same), *(rank(same, percent) for percent in (10, 50, 90)))
