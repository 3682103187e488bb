"""Any figure by any permitted dimensions: its rows picked, ranked and compared, always after suppression.

Every number here was shown by an answer. Picking, ranking, cutting and comparing look at nothing else, so that a hidden row takes no rank,
no place and no part in a total; where a total would tell of hidden rows, the smallest shown one is hidden with them.
"""

from analytics.explore.found import Explored, explored, explored_on_a_map
from analytics.explore.limits import MOST_DIMENSIONS, MOST_GROUPS, most_groups, refuse
from analytics.explore.question import ORDERS, Ask, Beside, Exploration, Order, Value
from analytics.explore.rows import Total, total_change

__all__ = [
    "MOST_DIMENSIONS",
    "MOST_GROUPS",
    "ORDERS",
    "Ask",
    "Beside",
    "Exploration",
    "Explored",
    "Order",
    "Total",
    "Value",
    "explored",
    "explored_on_a_map",
    "most_groups",
    "refuse",
    "total_change",
]
