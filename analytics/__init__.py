"""What the numbers mean, and the one door through which they are asked for.

In a notebook::

    from analytics import ask, geo_frame

    late = ask("on_time_share", by="mall,week", market="las-vegas")
    late.table.to_pandas()
    cells = geo_frame(ask("orders", by="cell", market="las-vegas", resolution=8))

These names are imported when they are first used: importing the package costs nothing and does nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from analytics.answers import Answer
    from analytics.asking import ask, rows_behind, version
    from analytics.catalog import METRICS
    from analytics.export import geo_frame
    from analytics.parameters import Parameters

__all__ = ["METRICS", "Answer", "Parameters", "ask", "geo_frame", "rows_behind", "version"]

_HOMES: Final = {
    "Answer": "analytics.answers",
    "METRICS": "analytics.catalog",
    "Parameters": "analytics.parameters",
    "ask": "analytics.asking",
    "geo_frame": "analytics.export",
    "rows_behind": "analytics.asking",
    "version": "analytics.asking",
}


def __getattr__(name: str) -> Any:
    """Import one of the names above when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the names above too, for completion."""
    return sorted([*globals(), *__all__])
