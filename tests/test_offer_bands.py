"""Acceptance by the pay and the distance that an offer shows: bounds belong to the band above them, and every offer has one band."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.dimensions import DISTANCE_BANDS_M, PAY_BANDS_CENTS
from tests.town import MONDAY, Town, local


def show(town, count, *, accepted, **columns):
    """Show as many offers to as many drivers; the first ones accept."""
    for number in range(count):
        status = "accepted" if number < accepted else "declined"
        town.offer("M1", f"d{number}", shown_at=local(MONDAY, 12), status=status, **columns)


def test_an_offer_at_a_bound_belongs_to_the_band_above_it(town):
    show(town, 6, accepted=1, pay_cents=999)
    show(town, 5, accepted=4, pay_cents=1000)

    rows = {row.pay_from_cents: (row.numerator, row.denominator) for row in town.rows("acceptance_share", by=("pay_band",))}

    assert rows == {500: (1, 6), 1000: (4, 5)}


def test_an_offer_without_pay_or_distance_has_a_band_of_its_own(town):
    show(town, 5, accepted=5, pay_cents=None, distance_m=3_218)
    show(town, 5, accepted=0, pay_cents=900, distance_m=None)

    by_pay = {row.pay_from_cents: row.numerator for row in town.rows("acceptance_share", by=("pay_band",))}
    by_distance = {row.distance_from_m: row.numerator for row in town.rows("acceptance_share", by=("distance_band",))}

    assert by_pay == {None: 5, 500: 0}
    assert by_distance == {0: 5, None: 0}


def test_a_band_of_fewer_than_five_drivers_is_hidden(town):
    show(town, 4, accepted=4, pay_cents=700)
    show(town, 9, accepted=4, pay_cents=1700)

    rows = {row.pay_from_cents: (row.suppressed, row.numerator) for row in town.rows("acceptance_share", by=("pay_band",))}

    assert rows == {500: (True, None), 1500: (False, 4)}


@pytest.mark.parametrize(
    ("dimension", "column", "shown", "bounds"),
    [("pay_band", "pay_from_cents", "pay_cents", PAY_BANDS_CENTS), ("distance_band", "distance_from_m", "distance_m", DISTANCE_BANDS_M)],
)
@settings(max_examples=10)
@given(data=st.data())
def test_bands_hold_what_a_plain_loop_puts_into_them(data, dimension, column, shown, bounds):
    values = data.draw(st.lists(st.integers(0, 2 * bounds[-1]), min_size=1, max_size=8))
    expected: dict[int, tuple[int, int]] = {}
    with TemporaryDirectory() as folder:
        town = Town(Path(folder) / "town")
        for value in values:
            accepted = 5 * (value % 2)
            show(town, 5, accepted=accepted, **{shown: value})
            start = [bound for bound in bounds if bound <= value][-1]
            won, seen = expected.get(start, (0, 0))
            expected[start] = (won + accepted, seen + 5)
        rows = town.rows("acceptance_share", by=(dimension,))

    assert {getattr(row, column): (row.numerator, row.denominator) for row in rows} == expected
