"""Targets: only those that a file sets, each applied to a figure that exists, on the side that is better."""

import re
from pathlib import Path

import pytest

from analytics.catalog import METRICS
from analytics.changes import Estimate
from analytics.errors import TargetError
from analytics.targets import Target, default_path, read_targets

ROOT = Path(__file__).resolve().parent.parent
MARKETS = ("las-vegas", "phoenix")


@pytest.fixture
def targets(tmp_path):
    def read(text):
        path = tmp_path / "mallreach.toml"
        path.write_text(text)
        return read_targets(path, MARKETS)

    return read


def test_without_a_file_there_are_no_targets(tmp_path):
    assert read_targets(tmp_path / "mallreach.toml", MARKETS).is_empty


def test_a_file_without_targets_sets_none(targets):
    assert targets("").is_empty
    assert targets("[targets]\n[targets.phoenix]\n").is_empty


def test_the_project_sets_no_target_by_itself(monkeypatch):
    monkeypatch.delenv("MALLREACH_CONFIG", raising=False)

    assert str(default_path()) == "mallreach.toml"
    assert not default_path().exists()


def test_the_file_may_stand_elsewhere(monkeypatch, tmp_path):
    monkeypatch.setenv("MALLREACH_CONFIG", str(tmp_path / "other.toml"))

    assert default_path() == tmp_path / "other.toml"


def test_one_number_bounds_on_the_side_that_is_worse(targets):
    found = targets("[targets]\non_time_share = 0.92\nclick_to_door_p90_s = 3600\n")

    assert found.of("on_time_share") == Target(low=0.92)
    assert found.of("click_to_door_p90_s") == Target(high=3600)
    assert found.of("click_to_door_p50_s") is None


def test_a_band_bounds_on_both_sides(targets):
    assert targets("[targets]\non_time_share = [0.9, 0.99]\n").of("on_time_share") == Target(0.9, 0.99)


def test_a_market_overrules_the_general_target_and_takes_the_others(targets):
    found = targets("[targets]\non_time_share = 0.92\nclick_to_door_p90_s = 3600\n[targets.phoenix]\non_time_share = 0.8\n")

    assert found.of("on_time_share", "phoenix") == Target(low=0.8)
    assert found.of("click_to_door_p90_s", "phoenix") == Target(high=3600)
    assert found.of("on_time_share", "las-vegas") == found.of("on_time_share") == Target(low=0.92)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[targets]\non_time = 0.9", "did you mean on_time_share"),
        ("[targets]\nclick_to_door_p99_s = 9", "did you mean click_to_door_p90_s"),
        ("[targets]\nhours_gap_mean_s = [1, 2]", "there is no figure 'hours_gap_mean_s'"),
        ("[targets]\nclick_to_door_by_orders = 3", "there is no figure 'click_to_door_by_orders'"),
        ("[targets.phenix]\non_time_share = 0.9", "did you mean 'phoenix'"),
        ("[target]\non_time_share = 0.9", "did you mean 'targets'"),
        ("targets = 3", "a table is needed"),
        ("[targets]\non_time_share = [0.9]", "a band is two numbers"),
        ("[targets]\non_time_share = [0.9, 0.8]", "a band is two numbers"),
        ("[targets]\non_time_share = 'high'", "a number or a band"),
        ("[targets]\non_time_share = true", "a number or a band"),
        ("[targets]\non_time_share = nan", "a number or a band"),
        ("[targets", "mallreach.toml"),
    ],
)
def test_a_target_that_nobody_would_apply_is_refused(targets, text, says):
    with pytest.raises(TargetError, match=says):
        targets(text)


def test_a_figure_that_is_neither_better_nor_worse_needs_a_band(targets):
    neither = [metric for metric in METRICS if metric.direction == "none" and metric.kind == "share"]
    for metric in neither:
        name = metric.id if metric.id.endswith("_share") else f"{metric.id}_share"
        assert targets(f"[targets]\n{name} = [0.5, 0.7]").of(name) == Target(0.5, 0.7)
        with pytest.raises(TargetError, match="neither better nor worse"):
            targets(f"[targets]\n{name} = 0.5")


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Estimate(0.95, 0.93, 0.97), "met"),
        (Estimate(0.95, 0.92, 0.97), "met"),
        (Estimate(0.93, 0.91, 0.95), "open"),
        (Estimate(0.90, 0.88, 0.92), "open"),
        (Estimate(0.90, 0.88, 0.915), "missed"),
        (Estimate(0.95), "open"),
    ],
)
def test_a_target_is_met_or_missed_only_by_a_whole_interval(figure, verdict):
    assert Target(low=0.92).verdict(figure) == verdict
    assert Target(high=-0.92).verdict(turned(figure)) == verdict


def test_a_band_is_missed_on_either_side():
    band = Target(0.5, 0.7)

    assert [band.verdict(Estimate(middle, middle - 0.05, middle + 0.05)) for middle in (0.3, 0.6, 0.66, 0.8)] == [
        "missed",
        "met",
        "open",
        "missed",
    ]


def turned(figure):
    """The same figure with its sign turned, where less is better."""
    if figure.low is None:
        return Estimate(-figure.value)
    return Estimate(-figure.value, -figure.high, -figure.low)


def test_the_example_of_the_docs_can_be_applied(targets):
    (example,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "targets.md").read_text("utf-8"), re.DOTALL)

    found = targets(example)

    assert found.of("on_time_share", "phoenix") == Target(low=0.9)
    assert found.of("utilization_share") == Target(0.55, 0.7)
