"""Pieces of a table are written together: every row once, in order, and pieces that do not fit together apart."""

import duckdb
import pyarrow as pa

from data.batches import insert, together


def _pieces(*sizes):
    first = 0
    for size in sizes:
        yield pa.table({"number": pa.array(range(first, first + size), pa.int64())})
        first += size


def test_pieces_are_written_in_their_order_and_few_at_a_time():
    made = [*together(_pieces(3, 0, 4, 5, 1), 6)]
    assert [each.num_rows for each in made] == [7, 6]
    assert [number for each in made for number in each["number"].to_pylist()] == list(range(13))
    assert [*together([])] == []


def test_pieces_of_different_types_are_not_forced_together():
    pieces = [pa.table({"number": pa.array([1], pa.int64())}), pa.table({"number": pa.array([2], pa.int32())})]
    assert [each.schema for each in together(pieces)] == [each.schema for each in pieces]
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE target (number BIGINT)")
        insert(connection, "target", "number", pieces)
        assert connection.execute("SELECT * FROM target").fetchall() == [(1,), (2,)]
