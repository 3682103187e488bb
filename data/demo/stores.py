"""Stores of an open mall: invented names, kinds of goods, packing times; a few are always late."""

from dataclasses import dataclass

from numpy.random import Generator

from data.demo.model import STORE_WORDS, Category, Model


@dataclass(frozen=True)
class Store:
    """A store of an open mall; ``packing_median_s`` is what it needs, ``usual_packing_s`` what its category lets expect."""

    name: str
    category: str
    packing_median_s: float
    usual_packing_s: float
    weight: float


def stores(mall_number: int, model: Model, rng: Generator) -> tuple[Store, ...]:
    """Return the stores of a mall that take part, best selling first; some of them are always late."""
    categories: list[Category] = [category for category in model.categories for _ in range(category.stores)]
    words = _words(mall_number, len(categories))
    order = rng.permutation(len(categories))
    result = []
    for rank, position in enumerate(order):
        category = categories[position]
        usual = category.packing_median_s
        packing = usual * rng.lognormal(0, model.store_packing_sdlog) + (model.late_packing_s if rank in model.late_stores else 0)
        name = f"{words[rank]} {category.trades[rank % len(category.trades)]}"
        result.append(Store(name, category.name, packing, usual, (rank + 1) ** -model.store_zipf))
    return tuple(result)


def _words(mall_number: int, count: int) -> list[str]:
    return [STORE_WORDS[(mall_number * 7 + index) % len(STORE_WORDS)] for index in range(count)]
