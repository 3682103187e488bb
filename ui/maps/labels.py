"""Which names fit on a map and on which side of their mall they stand, decided in pixels for the first view."""

from collections.abc import Sequence
from dataclasses import dataclass

from data.background import Place
from ui.format import shortened
from ui.maps.camera import Camera
from ui.maps.marks import MallMark

MOST_NAMES, FEW_NAMES = 12, 7
_WIDE_PX = 480
_LONGEST_NAME = 34
_MOST_HIDDEN_PX = 150.0
"""Square pixels that a mall's name may hide of others or lose at the edge: a third of a disc."""

_CHARACTER_PX = 6.9
_HEIGHT_PX = 19.0
_DISC_PX = 10.0
_MARGIN_PX = 8.0  # a map on screen is a little narrower than it was planned
_Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Label:
    """A name at a point, moved by ``offset_px`` and anchored at its start, middle or end."""

    text: str
    latitude: float
    longitude: float
    anchor: str = "middle"
    offset_px: tuple[int, int] = (0, 0)


_SIDES: tuple[tuple[str, tuple[int, int]], ...] = (
    ("start", (15, 0)),
    ("end", (-15, 0)),
    ("middle", (0, -21)),
    ("middle", (0, 21)),
    ("start", (12, -14)),
    ("start", (12, 14)),
    ("end", (-12, -14)),
    ("end", (-12, 14)),
)

_NUDGES = ((0, 0), (0, -21), (0, 21))


def mall_labels(
    malls: Sequence[MallMark], camera: Camera, *, reserved: Sequence[_Box] = (), most: int = MOST_NAMES, chosen: str | None = None
) -> list[Label]:
    """Return labels of malls, each on the side where it hides least of other labels, discs and reserved boxes.

    A name that would hide much on every side is left out, and so are those beyond ``most`` in view: their discs tell them when they are
    pointed at. The chosen mall has its name in any case, and is placed first.
    """
    boxes = [*reserved, *mall_boxes(malls, camera)]
    labels: list[Label] = []
    texts = shortened((mall.name for mall in malls), _LONGEST_NAME)
    for mall in sorted(malls, key=lambda each: each.mall_id != chosen):
        x, y = camera.pixel(mall.latitude, mall.longitude)
        own, text = _disc(x, y), texts[mall.name]
        others = [each for each in boxes if each != own]
        is_in_view = bool(_shared(own, _window(camera)))
        costs = [(_cost(_box(text, x, y, *side), others, camera), place) for place, side in enumerate(_SIDES)]
        cost, place = min(costs) if is_in_view else (0.0, 0)
        box = _box(text, x, y, *_SIDES[place])
        is_crowded = cost > _MOST_HIDDEN_PX or len(labels) >= most
        if is_in_view and is_crowded and mall.mall_id != chosen:
            continue
        boxes.append(box)
        labels.append(Label(text, mall.latitude, mall.longitude, *_SIDES[place]))
    return labels


def place_labels(places: Sequence[Place], camera: Camera, *, taken: Sequence[_Box] = (), most: int | None = None) -> list[Label]:
    """Return the place names that are in view and hide nothing, by rank: at most ``most``, by default 12, on a phone 7."""
    most = most or (MOST_NAMES if camera.width_px >= _WIDE_PX else FEW_NAMES)
    boxes = list(taken)
    labels: list[Label] = []
    for place in sorted(places, key=lambda each: each.rank):
        x, y = camera.pixel(place.latitude, place.longitude)
        for offset in _NUDGES if len(labels) < most else ():
            box = _box(place.name, x, y, "middle", offset)
            if _inside(box, camera) and not any(_shared(box, each) for each in boxes):
                boxes.append(box)
                labels.append(Label(place.name, place.latitude, place.longitude, "middle", offset))
                break
    return labels


def mall_boxes(malls: Sequence[MallMark], camera: Camera) -> list[_Box]:
    """Return the boxes of the discs, in pixels."""
    return [_disc(*camera.pixel(mall.latitude, mall.longitude)) for mall in malls]


def label_boxes(labels: Sequence[Label], camera: Camera) -> list[_Box]:
    """Return the boxes of labels, in pixels."""
    return [_box(each.text, *camera.pixel(each.latitude, each.longitude), each.anchor, each.offset_px) for each in labels]


def _disc(x: float, y: float) -> _Box:
    return x - _DISC_PX, y - _DISC_PX, x + _DISC_PX, y + _DISC_PX


def _box(text: str, x: float, y: float, anchor: str, offset: tuple[int, int]) -> _Box:
    width = len(text) * _CHARACTER_PX + 10
    left = x + offset[0] - {"start": 5.0, "middle": width / 2, "end": width - 5}[anchor]
    middle = y + offset[1]
    return left, middle - _HEIGHT_PX / 2, left + width, middle + _HEIGHT_PX / 2


def _shared(first: _Box, second: _Box) -> float:
    across = min(first[2], second[2]) - max(first[0], second[0])
    upward = min(first[3], second[3]) - max(first[1], second[1])
    return across * upward if across > 0 and upward > 0 else 0.0


def _area(box: _Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _window(camera: Camera) -> _Box:
    return 0.0, 0.0, float(camera.width_px), float(camera.height_px)


def _inside(box: _Box, camera: Camera) -> bool:
    return (
        box[0] >= _MARGIN_PX and box[1] >= _MARGIN_PX and box[2] <= camera.width_px - _MARGIN_PX and box[3] <= camera.height_px - _MARGIN_PX
    )


def _cost(box: _Box, others: Sequence[_Box], camera: Camera) -> float:
    """Return the pixels that a label would hide or lose at the edge."""
    lost = _area(box) - _shared(box, _window(camera))
    return lost + sum(_shared(box, each) for each in others)
