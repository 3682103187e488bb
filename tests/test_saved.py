"""Named texts kept beside the data: any name does, none is lost, half of one never stands."""

import json
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import WarehouseError
from data.saved import LONGEST_NAME, Saved, clean
from data.warehouse import Warehouse

_NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=20).filter(
    lambda text: bool(text.strip())
)
_TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=200)


@settings(max_examples=25)
@given(kept=st.dictionaries(_NAMES.map(clean), _TEXTS, max_size=6))
def test_what_is_saved_comes_back_whatever_its_name(tmp_path_factory, kept):
    saved = Saved(tmp_path_factory.mktemp("saved"), "views")
    for name, text in kept.items():
        saved.save(name, text)

    assert {item.name: item.text for item in saved.items()} == kept
    assert [saved.item(name).text for name in kept] == list(kept.values())
    assert {path.parent for path in saved.folder.rglob("*.json")} <= {saved.folder}


@pytest.mark.parametrize(
    "name", ["../../CURRENT", "a/b", ".", "..", ".hidden", "C:\\x", "con", "=cmd|' /C calc'!A1", "名前" * 20, "x" * LONGEST_NAME]
)
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    saved = Saved(tmp_path, "views")
    saved.save(name, "text")

    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.parent != saved.folder] == []
    assert saved.item(name).text == "text"


def test_names_that_differ_in_capitals_or_signs_alone_keep_their_own_text(tmp_path):
    saved = Saved(tmp_path, "views")
    for name in ("East", "east", "EAST", "east!", "east?"):
        saved.save(name, f"of {name}")

    assert [item.text for item in saved.items()] == ["of EAST", "of East", "of east", "of east!", "of east?"]
    assert len({path.name.lower() for path in saved.folder.glob("*.json")}) == 5


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * (LONGEST_NAME + 1), "two\nlines", "tab\there", "bell\a", "half \ud800 pair", "line\u2028line"]
)
def test_what_is_no_name_is_refused(tmp_path, name):
    with pytest.raises(WarehouseError, match="a name"):
        Saved(tmp_path, "views").save(name, "text")


def test_an_accented_name_is_found_however_it_was_typed(tmp_path):
    saved = Saved(tmp_path, "views")
    saved.save("  caf\u00e9 ", "text")

    assert saved.item("cafe\u0301").text == "text"


def test_a_taken_name_is_replaced_only_where_that_was_said(tmp_path):
    saved = Saved(tmp_path, "views")
    saved.save("East", "first")
    with pytest.raises(WarehouseError, match="taken"):
        saved.save("East", "second")
    assert saved.item("East").text == "first"

    saved.save("East", "second", may_replace=True)

    assert [item.text for item in saved.items()] == ["second"]


def test_a_deleted_text_is_gone_and_another_kind_keeps_its_own(tmp_path):
    views, scenarios = Saved(tmp_path, "views"), Saved(tmp_path, "scenarios")
    views.save("East", "a view")
    scenarios.save("East", "a scenario")
    views.delete("East")

    assert views.items() == ()
    assert scenarios.item("East").text == "a scenario"
    for gone in (views.item, views.delete):
        with pytest.raises(WarehouseError, match="nothing is saved"):
            gone("East")


def test_a_save_that_fails_leaves_the_text_before_and_its_leftovers_go_with_the_next(tmp_path, monkeypatch):
    saved = Saved(tmp_path, "views")
    saved.save("East", "before")

    def full(*_args, **_options):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("data.durable.os.fsync", full)
        with pytest.raises(WarehouseError, match="the disk is full"):
            saved.save("East", "after", may_replace=True)
    assert saved.item("East").text == "before"
    assert len(list(saved.folder.glob(".*.part"))) == 1

    saved.save("West", "text")

    assert list(saved.folder.glob(".*.part")) == []


def test_a_damaged_file_hides_no_other_and_is_named(tmp_path):
    saved = Saved(tmp_path, "views")
    saved.save("East", "text")
    saved.save("West", "text")
    (path,) = (path for path in saved.folder.glob("*.json") if path.name.startswith("west"))
    for content in (b"{", b"\xff", json.dumps({"name": "West"}).encode(), json.dumps({"name": 1, "text": "", "saved_at": ""}).encode()):
        path.write_bytes(content)

        assert [item.name for item in saved.items()] == ["East"]
        assert saved.damaged() == (path.name,)
        with pytest.raises(WarehouseError, match="damaged"):
            saved.item("West")
    saved.save("West", "mended", may_replace=True)
    assert saved.damaged() == ()


def test_of_many_who_save_one_name_at_once_exactly_one_does(tmp_path):
    saved, done, refused = Saved(tmp_path, "views"), [], []

    def save(number):
        try:
            done.append(saved.save("East", f"by {number}").text)
        except WarehouseError:
            refused.append(number)

    threads = [threading.Thread(target=save, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(done), len(refused)) == (1, 7)
    assert saved.item("East").text == done[0]


def test_too_many_and_too_long_texts_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("data.saved.MOST", 2)
    monkeypatch.setattr("data.saved.LONGEST_TEXT", 4)
    saved = Saved(tmp_path, "views")
    with pytest.raises(WarehouseError, match="at most 4 characters"):
        saved.save("East", "12345")
    saved.save("East", "1234")
    saved.save("West", "1234")
    with pytest.raises(WarehouseError, match="delete one first"):
        saved.save("North", "1234")

    saved.save("West", "4321", may_replace=True)

    assert [item.text for item in saved.items()] == ["1234", "4321"]


def test_a_kind_is_a_plain_word():
    with pytest.raises(ValueError, match="lower-case"):
        Saved("anywhere", "../views")


def test_a_prune_of_the_warehouse_leaves_saved_texts_alone(tmp_path):
    saved = Saved(tmp_path, "views")
    saved.save("East", "text")
    with Warehouse(tmp_path).draft():
        pass

    assert saved.item("East").text == "text"
