"""Travel time: minutes from malls to cells, by hour, and the tables that rest on them.

- ``prior``: the curve before any delivery is known
- ``curve``, ``calibration``: what a market's own drives say
- ``models``: one interface, whoever makes the minutes
- ``drives``: which drives count
- ``tables``: ``catchments``, ``hour_factors`` and ``drives``, market by market
"""

from data.travel_time.prior import KILOMETERS, LONGEST_S, MINUTES, longest_m, prior_s
from data.travel_time.tables import NAMES, Tables

__all__ = ["KILOMETERS", "LONGEST_S", "MINUTES", "NAMES", "Tables", "longest_m", "prior_s"]
