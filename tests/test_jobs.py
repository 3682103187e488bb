"""Loads in a process of their own: they tell their steps and their end, one at a time, and canceling leaves nothing."""

import pytest

from data.errors import WarehouseError
from data.jobs import Jobs, State, start
from tests.loading import DELIVERED, MALLS, MARKETS, Shop


@pytest.fixture
def shop(tmp_path):
    shop = Shop(tmp_path)
    shop.write("files/markets.csv", MARKETS)
    shop.write("files/malls.csv", MALLS)
    shop.rows_file("files/orders.csv", [DELIVERED, {**DELIVERED, "order_id": "o2", "placed_at": "soon"}])
    return shop


def begin(shop, *names, mapping=None, jobs=None, replace=False, **options):
    folder = shop.folder / "files"
    order = {"folder": folder, "warehouse": shop.warehouse.root, "is_replacing": replace, "title": "files", **options}
    paths = [folder / name for name in names]
    return jobs.start(paths, mapping, **order) if jobs else start(paths, mapping, **order)


ALL = ("markets.csv", "malls.csv", "orders.csv")


def test_a_finished_load_tells_its_version_counts_and_findings(shop):
    state = begin(shop, *ALL, note="by hand").wait()

    outcome = state.outcome
    assert outcome.is_new
    assert outcome.version_id == shop.warehouse.current().id
    assert (outcome.counts["orders"].kept, outcome.counts["orders"].rejected) == (1, 1)
    assert [(each.rule, each.severity) for each in outcome.findings][:1] == [("unparsable_value", "reject")]
    assert "soon" in outcome.rejects_path.read_text()
    assert shop.warehouse.current().manifest.note == "by hand"


def test_loading_the_same_again_is_told_as_nothing_new(shop):
    begin(shop, *ALL).wait()

    outcome = begin(shop, *ALL).wait().outcome

    assert not outcome.is_new
    assert len(shop.warehouse.versions()) == 1


def test_replacing_drops_the_earlier_rows_of_the_tables_given(shop):
    begin(shop, *ALL).wait()
    shop.rows_file("files/orders.csv", [{**DELIVERED, "order_id": "o9"}])

    begin(shop, "orders.csv", replace=True).wait()

    assert [row["order_id"] for row in shop.rows("SELECT order_id FROM orders")] == ["o9"]
    assert len(shop.rows("SELECT * FROM malls")) == 2


def test_a_mapping_names_files_from_the_folder(shop):
    begin(shop, *ALL).wait()
    shop.write("files/x.csv", "nr,when\no7,2026-03-02 17:00\n")

    state = begin(
        shop, mapping='[orders]\nfile = "x.csv"\ncolumns = { order_id = "nr", placed_at = "when" }\nconstants = { mall_id = "M1" }'
    ).wait()

    assert state.outcome.counts["orders"].kept == 1


def test_a_load_that_fails_says_one_sentence_without_the_folder_and_changes_nothing(shop):
    begin(shop, *ALL).wait()
    before = shop.warehouse.current().id
    shop.write("files/shifts.csv", "shift_id\nH1\n")

    state = begin(shop, "shifts.csv").wait()

    assert state.outcome is None
    assert state.error.startswith("shifts.csv: shifts needs a column")
    assert "\n" not in state.error
    assert shop.warehouse.current().id == before


def test_steps_are_told_while_it_runs(shop, monkeypatch):
    seen = []
    told = State.__init__

    def watch(self, *args, **kwargs):
        told(self, *args, **kwargs)
        seen.append((self.step, self.done, self.total))

    monkeypatch.setattr(State, "__init__", watch)
    begin(shop, *ALL).wait()

    done = [done for step, done, total in seen if total]
    assert done == sorted(done)
    assert ("publishing") in [step for step, _, _ in seen]


def test_a_canceled_load_leaves_the_last_version_and_a_free_warehouse(shop):
    begin(shop, *ALL).wait()
    before = shop.warehouse.current().id
    shop.rows_file("files/orders.csv", [{**DELIVERED, "order_id": f"n{number}"} for number in range(20_000)])
    job = begin(shop, "orders.csv")

    job.cancel()
    state = job.wait()

    assert "canceled" in state.error
    assert shop.warehouse.current().id == before
    with shop.warehouse.draft():
        pass


def test_a_process_that_dies_is_told_as_such(shop, monkeypatch):
    monkeypatch.setattr("data.jobs.sys.executable", "/bin/false")

    state = begin(shop, *ALL).wait()

    assert "ended unexpectedly (exit code 1)" in state.error


def test_a_second_load_is_refused_while_one_runs(shop):
    jobs = Jobs()
    job = begin(shop, *ALL, jobs=jobs)
    assert jobs.running is job

    with pytest.raises(WarehouseError, match="a load is running"):
        begin(shop, *ALL, jobs=jobs)

    job.wait()
    assert jobs.running is None
    assert begin(shop, *ALL, jobs=jobs).wait().outcome is not None


def test_another_writer_is_said(shop):
    with shop.warehouse.draft():
        state = begin(shop, *ALL).wait()

    assert "another load is running" in state.error


def test_what_a_load_keeps_is_let_go_at_its_end(shop):
    class Folder:
        pass

    job = begin(shop, *ALL, keeps=Folder())
    assert job.keeps is not None

    job.wait()

    assert job.keeps is None
