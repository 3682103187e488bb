"""On which pages each metric is drawn. A test runs the pages and compares, so that this list is what readers see."""

from typing import Final

SHOWN: Final[dict[str, tuple[str, ...]]] = {
    "Overview": (
        "orders",
        "click_to_door",
        "mean_click_to_door",
        "on_time_share",
        "stages",
        "late_attribution",
        "covered_share",
        "utilization",
        "cost_per_delivery",
    ),
    "Coverage": (
        "orders",
        "on_time_share",
        "covered_share",
        "coverage_curve",
        "coverage_by_mall",
        "coverage_cells",
        "white_space",
        "served_share",
        "captured_catchment",
        "order_rate",
        "catchment_overlap",
        "huff_probability",
        "cannibalization",
        "driver_access",
    ),
    "Delivery times": (
        "click_to_door",
        "on_time_share",
        "stages",
        "tail_stages",
        "ready_to_door",
        "ready_to_pickup",
        "placed_to_ready",
        "prep",
        "assign",
        "approach",
        "store_wait",
        "handling",
        "drive",
        "lateness",
        "late_attribution",
    ),
    "Drivers": (
        "stages",
        "utilization",
        "utilization_work",
        "utilization_loaded",
        "deliveries_per_online_hour",
        "deliveries_per_engaged_hour",
        "earnings_per_online_hour",
        "cost_per_delivery",
        "contribution_per_order",
        "acceptance_share",
        "batch_share",
        "multi_store_share",
        "deadhead_share",
        "mall_dwell",
        "hours_gap",
        "hours_gap_by_cell",
    ),
    "Travel times": (
        "drive_error",
        "drive_curve",
        "drive_fit",
    ),
}
"""Page, and the metrics that it draws, by what a reader chooses on it. Explore can draw every metric."""

EXPLORE: Final = "Explore"


def pages_of(metric_id: str) -> tuple[str, ...]:
    """Return the titles of the pages on which a metric is drawn, in the order of the menu."""
    return (*(page for page, ids in SHOWN.items() if metric_id in ids), EXPLORE)
