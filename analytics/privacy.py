"""What is hidden on display: groups with too few people behind them."""

from dataclasses import dataclass
from typing import Final

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt

DISPLAY_K: Final = 10
"""Fewest distinct customers that a shown group may have."""


@dataclass(frozen=True)
class Subject:
    """The people behind a table's rows: the first known of these columns, and the fewest of them that may be shown."""

    columns: tuple[str, ...]
    k: int

    def of(self, table: ir.Table) -> ir.StringValue:
        """Return the person behind each row; the row itself where the person is unknown."""
        return ibis.coalesce(*(table[column] for column in self.columns))


SUBJECTS: Final = {"orders": Subject(("customer_id", "order_id"), DISPLAY_K)}
"""By table of facts."""


def is_hidden(people: npt.NDArray[np.int64], k: int) -> npt.NDArray[np.bool_]:
    """Tell which groups are hidden: some people behind them, but fewer than ``k``. Zero is no secret and is never hidden."""
    return (people > 0) & (people < k)
