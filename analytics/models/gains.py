"""What a set of sites is worth, as weighted rows: a row pays its weight once enough of its sites are chosen.

Three problems of the field become the same rows, so that one solver, one local search and one bound serve them all:

- maximal covering: one row for each demand cell, with the sites that reach it (Church and ReVelle 1974); with backup a cell pays only once
  two sites reach it (Hogan and ReVelle 1986);
- p-median: the demand-weighted drive falls whenever a nearer site is chosen, so that each cell has a row for each of its distances, with
  the sites at most so far away, that pays the way to the next distance (the radius formulation: Garcia, Labbe and Marin 2011);
- orders that thin out with the drive: rows at several drive times, each paying what is lost beyond it.

Rows with the same sites and the same need are one row (10 to 46 times fewer in real catchments). All weights are whole numbers, so that a
value is exact.

Rows are in ``analytics.models.rows``; p-median problems, which are kept as what each site saves in each cell until rows are asked for, in
``analytics.models.savings``.
"""

from analytics.models.rows import Cover, Gains, Part, covering_gains, together
from analytics.models.savings import Savings, distance_gains, savings_of

__all__ = ["Cover", "Gains", "Part", "Savings", "covering_gains", "distance_gains", "savings_of", "together"]
