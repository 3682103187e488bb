"""The frame around every page: registry of pages, filter row, footer, demo band, version notice, link, and the reader's view.

What was chosen lives in one dictionary of short texts (``ui.links``), which is also the address of the page: a filter that a page does not
draw keeps its value and its place in the address. Streamlit's own binding of widgets to the address was tried and left: it writes labels
instead of ids, and drops what is not drawn.
"""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import NoReturn

import streamlit as st

from analytics import reference
from analytics.parameters import EVERYTHING, Scope
from data.errors import MallReachError
from data.warehouse import Version
from ui import candidates, delivery_times, dictionary, explore, filters, links, portfolio, release, session, source, upload
from ui import format as write
from ui.filters import Control
from ui.style import STYLE
from ui.view import View, view_of


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes
    ----------
    section, title, script
        Where it stands in the menu, and the file that draws it.
    question
        What it answers.
    filters, controls
        What of the filter row it uses, and its own controls right of it.
    default_period, is_of_one_market
        Period of a first visit; whether it shows one market, so that "all markets" cannot be chosen.
    keys
        Entries of the address, beside those of filters and controls, that keep what a reader chose on it.
    tools
        Draw what else stands in its filter row, such as a button that opens its assumptions.
    is_released
        Shows only what is released, or no data, so that readers of a restricted role may open it; they see no other page.
    """

    section: str
    title: str
    script: str
    question: str
    filters: tuple[str, ...] = ()
    controls: tuple[Control, ...] = ()
    default_period: str = "last-13-weeks"
    is_of_one_market: bool = False
    keys: tuple[str, ...] = ()
    tools: tuple[Callable[[View], None], ...] = ()
    is_released: bool = False

    @property
    def path(self) -> str:
        """Last part of the page's address."""
        return self.title.lower().replace(" ", "-")


DRIVE = Control("drive", "Drive, min", {minutes: minutes for minutes in ("10", "15", "20", "30", "45")}, "20", is_label_shown=True)
WEIGHT = Control("of", "Of", {"population": "People", "households": "Households"}, "population")
AREA = Control("area", "Area", {"mall": "Mall", "market": "Market"}, "mall", is_label_shown=True)

PAGES: tuple[Page, ...] = (
    Page(
        "Review",
        "Overview",
        "pages/review/overview.py",
        "How did the program do?",
        filters=("market", "period", "vs"),
        default_period="last-week",
        keys=("map", "why", "trend", "weeks"),
    ),
    Page(
        "Around a mall",
        "Coverage",
        "pages/around/coverage.py",
        "Whom can this mall reach, and who is left out?",
        filters=("market", "mall", "period"),
        controls=(DRIVE, WEIGHT),
        is_of_one_market=True,
        keys=("show", "below"),
    ),
    Page(
        "Around a mall",
        "Delivery times",
        "pages/around/delivery_times.py",
        "How long do orders take, and where is the time lost?",
        filters=("market", "mall", "period"),
        controls=(delivery_times.FIGURE,),
        is_of_one_market=True,
        keys=("below", "lost"),
    ),
    Page(
        "Around a mall",
        "Drivers",
        "pages/around/drivers.py",
        "Are there enough drivers, when and where?",
        filters=("market", "mall", "period"),
        controls=(AREA,),
        default_period="last-4-weeks",
        is_of_one_market=True,
        keys=("below",),
    ),
    Page(
        "Choose malls",
        "Candidates",
        "pages/choose/candidates.py",
        "Which mall next?",
        filters=("market",),
        controls=(DRIVE, candidates.PRESET),
        keys=candidates.PAGE_KEYS,
        tools=(candidates.tools.draw, candidates.scenarios.draw),
    ),
    Page(
        "Choose malls",
        "Portfolio",
        "pages/choose/portfolio.py",
        "Which malls for this budget?",
        filters=("market",),
        controls=(DRIVE, portfolio.AIM),
        keys=portfolio.PAGE_KEYS,
        tools=(portfolio.controls.conditions, candidates.scenarios.draw),
    ),
    Page(
        "Analyze",
        "Explore",
        "pages/analyze/explore.py",
        "How does any figure differ, by anything?",
        filters=("market", "mall", "period"),
        default_period="last-4-weeks",
        keys=explore.KEYS,
    ),
    Page(
        "Analyze",
        "Release",
        "pages/analyze/release.py",
        "What may leave the house?",
        filters=("market", "mall"),
        controls=(release.TABLE, release.MONTHS),
        keys=(release.CELLS.key,),
        tools=(release.draw_cells,),
        is_released=True,
    ),
    Page(
        "Analyze",
        "Dictionary",
        "pages/analyze/dictionary.py",
        "What does each figure mean, and where does it come from?",
        keys=dictionary.KEYS,
        is_released=True,
    ),
    Page("Data", "Data", "pages/data/data.py", "What is loaded, how fresh is it, and what was odd about it?"),
    Page(
        "Data",
        "Quality",
        "pages/data/quality.py",
        "What do the figures have to leave out, and why?",
        filters=("market",),
        default_period="since-opening",
    ),
    Page(
        "Data",
        "Travel times",
        "pages/data/travel_times.py",
        "How well do modelled drive times fit the drives?",
        filters=("market", "mall", "period"),
        default_period="since-opening",
        is_of_one_market=True,
    ),
)
"""Every page; the first one is what ``/`` shows. A new page is its file and one entry here."""

_KEYS = tuple(dict.fromkeys(key for page in PAGES for key in (*(control.key for control in page.controls), *page.keys)))
_WRITTEN, _MEANT, _QUIET = "written_address", "meant_by_empty_address", "quiet_address"
_PAGE, _SCOPE, _ENTRIES, _MAY_LOAD = "shown_page", "scope", "pages", "may_load"

BAND = '<div class="mr-band"><b>Demo data.</b> Orders, drivers and stores are synthetic; malls, places and counties are real.</div>'

EMPTY = """
### No data yet

This warehouse is empty. Either build the demo markets (synthetic, a minute or two), or load files of your own, by a command or here:

```
python -m data demo
python -m data load orders.csv malls.csv --mapping mapping.toml
```

`python -m data template > mapping.toml` writes a commented mapping to fill in. This page follows by itself as soon as a load has finished.
"""


def run(access: Callable[[], Scope], may_load: Callable[[Scope], bool]) -> None:
    """Draw the frame and run the page that the address names.

    Parameters
    ----------
    access
        Who may see what; asked on every run, before anything is read.
    may_load
        Who may load files and take versions back; asked on every run.
    """
    st.set_page_config(page_title="MallReach", page_icon="📍", layout="wide")
    st.html(STYLE)
    scope = access()
    open_pages = [page for page in PAGES if page.is_released or not scope.is_restricted]
    pages = {st.Page(page.script, title=page.title, url_path=page.path, default=page is open_pages[0]): page for page in open_pages}
    sections: dict[str, list[st.Page]] = {}
    for entry, page in pages.items():
        sections.setdefault(page.section, []).append(entry)
    entry = st.navigation(sections, position="top")
    st.session_state[_SCOPE], st.session_state[_MAY_LOAD] = scope, may_load(scope)
    st.session_state[_ENTRIES] = {page.title: each for each, page in pages.items()}
    page = pages.get(entry, open_pages[0])
    try:
        _draw(page)
        entry.run()
        _footer(page)
    except MallReachError as error:
        st.error(str(error))


def _draw(page: Page) -> None:
    """Draw everything above the page and the footer's words, and leave the reader's view for the page."""
    chosen = _read_address(page)
    newest = session.warehouse().current()
    session.watch(newest.id if newest else None)
    version, problem = session.pinned(chosen.get(links.VERSION))
    if problem:
        chosen.pop(links.VERSION)
        st.warning(problem)
    st.session_state[_PAGE] = page.path
    if version is None or newest is None:
        _draw_empty()
    _band(version)
    _version_notice(version, newest)
    if page.filters:
        _filter_row(page, current_view())
    for sentence in current_view().problems if page.filters else ():
        st.warning(sentence)
    _write_address()


def _draw_empty() -> NoReturn:
    """Draw what stands in for every page while nothing is loaded: the commands, and the place to drop files."""
    st.markdown(EMPTY)
    if may_load():
        upload.draw(None)
    st.stop()


def may_load() -> bool:
    """Whether this reader may load files and take versions back; nobody may where the frame was not drawn."""
    return bool(st.session_state.get(_MAY_LOAD))


def link_to(title: str, label: str) -> None:
    """Draw a link to another page; nothing where the frame was not drawn, and so no menu."""
    entry = st.session_state.get(_ENTRIES, {}).get(title)
    if entry is not None:
        st.page_link(entry, label=label, icon=":material/arrow_forward:")


def current_page() -> Page:
    """Return the page that is being shown; the first one where the frame was not drawn."""
    return next((page for page in PAGES if page.path == st.session_state.get(_PAGE)), PAGES[0])


def shown_version() -> Version:
    """Return the data version of this run; draws the page for an empty warehouse and stops where there is none."""
    version, _ = session.pinned(filters.chosen().get(links.VERSION))
    if version is None:
        _draw_empty()
    return version


def current_view() -> View:
    """Return what the reader looks at; defaults where the frame was not drawn."""
    version, page = shown_version(), current_page()
    if not reference.markets(version):
        st.info("This data has no market yet: load a file of markets and one of malls. The Data page shows what is there.")
        st.stop()
    scope = st.session_state.get(_SCOPE, EVERYTHING)
    return view_of(
        filters.chosen(),
        version=version,
        scope=scope,
        theme=session.theme(),
        default_period=page.default_period,
        drawn=page.filters or links.FILTERS,
        is_of_one_market=page.is_of_one_market,
    )


def _read_address(page: Page) -> links.Chosen:
    """Take over what the address says where it is news: a first visit, a link, the Back button.

    The menu opens a page under an empty address, which then means what was chosen on the page before; coming Back to it, it still does.
    """
    shown = links.known(st.query_params.to_dict(), _KEYS)
    meant = st.session_state.setdefault(_MEANT, {})
    is_other_page = st.session_state.get(_PAGE) != page.path
    is_behind = filters.acted_under() == st.query_params.to_dict() and not is_other_page
    if not is_behind and links.is_news(shown, st.session_state.get(_WRITTEN), is_other_page=is_other_page):
        filters.restart(shown or dict(meant.get(page.path, {})))
        st.session_state[_QUIET] = None if shown else dict(filters.chosen())
    elif is_other_page and not shown:
        meant[page.path] = dict(filters.chosen())
    return filters.chosen()


def _write_address() -> None:
    """Write what was chosen to the address, unless the reader came Back to an empty one: a new entry would bar the way further back."""
    chosen = filters.chosen()
    if chosen == st.session_state.get(_QUIET):
        st.session_state[_WRITTEN] = {}
        return
    st.session_state[_QUIET] = None
    if st.query_params.to_dict() != chosen:
        st.query_params.from_dict(chosen)
    st.session_state[_WRITTEN] = dict(chosen)


def _band(version: Version) -> None:
    if version.manifest.synthetic:
        st.html(BAND)


def _version_notice(version: Version, newest: Version) -> None:
    """Say that a link shows older data, and offer the newest."""
    if version.id == newest.id:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(
            f"This link shows the data as of {write.instant(version.manifest.created_at)} ({version.id}). Newer data has been loaded since."
        )
        st.button("Show the newest data", key="newest", on_click=filters.choose, kwargs={links.VERSION: None}, width="content")


def _filter_row(page: Page, view: View) -> None:
    """Draw the filters a page uses, its own controls right of a hairline, and the link."""
    st.toggle(f"Filters: {view.place}" + (f", {view.days}" if "period" in page.filters else ""), key="fold")
    with st.container(horizontal=True, vertical_alignment="center", key="filters", gap="small"):
        for name in page.filters:
            filters.draw(name, view)
        if page.controls:
            with st.container(horizontal=True, vertical_alignment="center", key="controls", width="content"):
                for control in page.controls:
                    filters.segments(control)
        for tool in page.tools:
            tool(view)
        _link(view)


def _link(view: View) -> None:
    """Draw the popover with a link to these very numbers, and one to the newest."""
    with st.popover("Link", icon=":material/link:", key="link"):
        url = st.context.url or ""
        here = {**view.chosen, "market": view.market.id} if view.market else dict(view.chosen)
        fixed = links.absolute(here, start_on=view.period.start_on, end_on=view.period.end_on, version_id=view.version.id)
        st.markdown("**These very numbers**, also after newer data was loaded:")
        st.code(links.address(url, fixed), language=None, wrap_lines=True)
        st.markdown("**Live**: the same page on the newest data:")
        st.code(links.address(url, links.live(dict(view.chosen))), language=None, wrap_lines=True)


def _footer(page: Page) -> None:
    """Draw the grey line under a page: how fresh the data is, which version, how many orders, what is hidden, which clock."""
    version = shown_version()
    if not reference.markets(version):
        return
    view = current_view()
    extent = reference.extent(version, view.market_id)
    parts = [
        f"Data to {write.day(extent.last_complete_on)}" if extent.last_complete_on else "No orders in this data",
        f"version {version.id}",
    ]
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="footer"), source.where_from("footer"):
        if page.filters and not page.is_released:
            orders = session.compute("orders", view)
            is_hidden = orders.row()["suppressed"]
            counted = f"orders of fewer than {orders.k} customers" if is_hidden else write.counted(orders.row()["orders"], "order")
            parts += [f"{counted} in the filter", f"cells under {orders.k} customers hidden"]
        parts.append(f"times in {write.listed([zone.replace('_', ' ') for zone in view.time_zones])}")
        st.html(f'<p class="mr-footer">{escape(" · ".join(parts))}</p>')
