"""Loading from the page: bring files, mend the guessed mapping, see what would be stored, load it as a new version, read the report.

Three states of one place: a load runs (everybody who may load sees it), a load of this reader has ended (its report), or files may be
brought. The load itself is a process of its own (``data.jobs``).
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pyarrow as pa
import streamlit as st

from data.errors import MallReachError
from data.guess import Guess
from data.jobs import Job, Jobs, Outcome
from data.preview import SAMPLE_ROWS, Preview
from data.warehouse import Version
from ui import format as write
from ui import loaded, panels, session
from ui.tray import TYPES, Tray, edited, mapping_rows, source_columns, to_toml

LOOK_EVERY = timedelta(seconds=1)
_TRAY, _JOB, _ROUND, _PROBLEM = "upload_tray", "upload_job", "upload_round", "upload_problem"
_MODES = {"table": "Table", "text": "Text"}
_WAYS = {"add": "Add to what is there", "replace": "Replace the tables given"}
_WAYS_HELP = (
    "Add: a row with a known key replaces the earlier row, equal rows change nothing, other rows are new. "
    "Replace: the earlier rows of the tables given go, the other tables stay."
)

PREVIEW_COLUMNS = ("file", "line", "fate")
MISSING_COLUMNS = (
    panels.Shown("why", "Why null", is_pinned=True),
    panels.Shown("rows", "In rows", "count"),
    panels.Shown("columns", "Columns"),
    panels.Shown("example", "Example"),
)


@st.cache_resource
def jobs() -> Jobs:
    """Return the loads of this server, which all readers share."""
    return Jobs()


def draw(version: Version | None) -> None:
    """Draw the place where files are loaded.

    Parameters
    ----------
    version
        Version that serves; None: nothing is loaded yet.
    """
    job: Job | None = st.session_state.get(_JOB)
    if jobs().running:
        _progress()
    elif job:
        _end(job)
    else:
        _bring(version)


@st.fragment(run_every=LOOK_EVERY)
def _progress() -> None:
    """Draw the load that runs, and the whole page anew when it has ended."""
    job = jobs().running
    if job is None:
        st.rerun(scope="app")
    else:
        state, is_own = job.state, job is st.session_state.get(_JOB)
        st.markdown(
            f"**A load is running**: {job.title}{'' if is_own else ', by another reader'}. The pages go on serving the last version."
        )
        st.progress(state.done / state.total if state.total else 0.0, text=f"{state.step} ({state.done} of {state.total or '?'} steps)")
        st.button("Cancel the load", key="cancel-load", on_click=job.cancel)


def _end(job: Job) -> None:
    """Draw how a reader's load ended: the error in its sentence, or the report."""
    state = job.state
    if state.outcome is None:
        st.error(f"Nothing was loaded: {state.error}.")
        st.button("Back to the mapping", key="back", on_click=_forget, kwargs={_TRAY: False})
        return
    report(state.outcome)
    st.button("Load more files", key="more", on_click=_forget, kwargs={_TRAY: True})


def _forget(**what: bool) -> None:
    """Forget the ended load; the files too where said so."""
    st.session_state.pop(_JOB, None)
    if what.get(_TRAY):
        _clear()


def _clear() -> None:
    tray = st.session_state.pop(_TRAY, None)
    st.session_state.pop(_PROBLEM, None)
    if tray:
        tray.clear()


def report(outcome: Outcome) -> None:
    """Draw what a load did: counts by table, broken rules with an example each, and the rejected rows to download."""
    if outcome.is_new:
        st.success(f"{outcome.version_id} serves now, loaded in {outcome.seconds:.1f} s; every page shows it.")
    else:
        st.info("No new version, because nothing changed: everything in these files is loaded already.")
    panels.table(loaded.counts(outcome.counts), loaded.COUNT_COLUMNS, key="report-counts", alt="What became of the rows, by table.")
    rejected = sum(count.rejected for count in outcome.counts.values())
    with panels.table_heading("Report by rule"):
        if outcome.rejects_path and outcome.rejects_path.is_file():
            panels.csv_button(rejected, outcome.rejects_path.read_bytes, f"rejects_{outcome.version_id}.csv", key="report-rejects")
    if outcome.findings:
        findings = loaded.finding_rows(outcome.findings)
        panels.table(findings, loaded.FINDING_COLUMNS, key="report-findings", alt="Rules that rows broke, with an example each.")
    else:
        panels.note("No rule was broken.")
    for each in outcome.notes:
        panels.note(each)


def _bring(version: Version | None) -> None:
    """Draw the place to drop files; below it those that were dropped, and what they seem to hold."""
    tray: Tray | None = st.session_state.get(_TRAY)
    files = st.file_uploader(
        "Drop files here: CSV, gzip, Parquet, Excel or JSON lines; several at once",
        type=TYPES,
        accept_multiple_files=True,
        key=f"upload-{st.session_state.get(_ROUND, 0)}",
    )
    panels.note(
        f"Up to {st.get_option('server.maxUploadSize'):,} MB a file (server.maxUploadSize); larger ones load by python -m data load. "
        "Nothing changes before you load; files that are taken back are deleted."
    )
    if files:
        _take([(each.name, each.getvalue()) for each in files], tray, version)
        st.rerun()
    if problem := st.session_state.get(_PROBLEM):
        st.error(f"{problem}.")
    if tray:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{write.counted(len(tray.names), 'file')}**: {tray.title}", width="content")
            st.button("Take them back", key="take-back", on_click=_clear)
        _mapped(tray, version)


def _take(brought: list[tuple[str, bytes]], tray: Tray | None, version: Version | None) -> None:
    """Put dropped files beside those that are there already, whose place they take where they bear their names; empty the drop zone."""
    names = {name for name, _ in brought}
    there = [(name, content) for name, content in (tray.files() if tray else ()) if name not in names]
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    st.session_state.pop(_PROBLEM, None)
    try:
        with st.spinner("Looking at the files"):
            st.session_state[_TRAY] = Tray([*there, *brought], version)
    except MallReachError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    if tray:
        tray.clear()


def _mapped(tray: Tray, version: Version | None) -> None:
    """Draw the mapping, the preview and the button that loads."""
    try:
        text = _mapping(tray)
        with st.spinner("Reading the first rows"):
            previews = tray.preview(text, session.warehouse(), version)
    except MallReachError as error:
        st.error(f"{error}.")
        return
    _previewed(sorted(previews, key=lambda each: each.table.name != _shown_table(tray)))
    _load(tray, text, previews, version)


def _mapping(tray: Tray) -> str:
    """Draw the mapping as a table or as text, and return it as text."""
    fed = sorted({each.feed.file for each in tray.guess.feeds if each.feed.file})
    with panels.table_heading(f"Mapping: {write.counted(len(tray.guess.feeds), 'table')} from {write.counted(len(fed), 'file')}"):
        mode = st.segmented_control(
            "Edit as",
            list(_MODES),
            default="table",
            required=True,
            format_func=_MODES.__getitem__,
            key=_key(tray, "mode"),
            label_visibility="collapsed",
        )
    for file, why in tray.guess.unplaced:
        st.warning(f"{file} feeds no table: {why}. Say in the text what it holds, or leave it out.")
    guess = _edited(tray, is_drawn=mode == "table")
    if mode == "table":
        return to_toml(guess)
    panels.note(
        "What the text says is loaded; back in the table, the text's changes are gone. See `docs/loading.md` for all that it can say."
    )
    return st.text_area("Mapping as TOML", to_toml(guess), height=420, key=_key(tray, "text"), label_visibility="collapsed")


def _key(tray: Tray, name: str) -> str:
    return f"{name}-{tray.folder.name}"


def _edited(tray: Tray, *, is_drawn: bool) -> Guess:
    """Return the guess with the edits of all its tables; draw the editor of the chosen one."""
    guess, places = tray.guess, list(range(len(tray.guess.feeds)))
    if not places:
        return guess
    edits: dict[int, Mapping[int, Any]] = st.session_state.setdefault(_key(tray, "edits"), {})
    place = _place(tray, places) if is_drawn else places[0]
    if is_drawn:
        edits[place] = _editor(tray, place)
    for each, changes in edits.items():
        guess = edited_feed(guess, tray.guess, each, changes)
    if is_drawn:
        _remarks(guess, place)
    return guess


def _place(tray: Tray, places: list[int]) -> int:
    """Draw the choice of the table whose mapping is shown, where there are several."""
    if len(places) == 1:
        return places[0]
    labels = [_label(tray.guess, each) for each in places]
    key = _key(tray, "place")
    chosen: int = st.segmented_control(
        "Table", places, default=places[0], required=True, format_func=labels.__getitem__, key=key, label_visibility="collapsed"
    )
    return chosen


def _shown_table(tray: Tray) -> str:
    """Return the table whose mapping is shown."""
    places = tray.guess.feeds
    return places[st.session_state.get(_key(tray, "place")) or 0].table.name if places else ""


def edited_feed(guess: Guess, shown: Guess, place: int, changes: Mapping[int, Any]) -> Guess:
    """Return a guess with the edits of one feed, whose rows are numbered as the guess was shown."""
    names = [str(row["column"]) for row in mapping_rows(shown, place)]
    now = {str(row["column"]): number for number, row in enumerate(mapping_rows(guess, place))}
    return edited(guess, place, {now[names[int(at)]]: change for at, change in changes.items()})


def _label(guess: Guess, place: int) -> str:
    feed = guess.feeds[place]
    return f"{feed.table.name} from {feed.source.name}" if feed.source else f"{feed.table.name}, constants"


def _editor(tray: Tray, place: int) -> Mapping[int, Any]:
    """Draw one feed's columns and return what the reader changed in them, by row."""
    rows = mapping_rows(tray.guess, place)
    kept: Mapping[int, Any] = st.session_state.get(_key(tray, "edits"), {}).get(place, {})
    # An editor forgets its edits when it is not drawn for a while; what was kept of them is part of what it shows.
    start = st.session_state.setdefault(_key(tray, f"start-{place}"), {})
    key = _key(tray, f"editor-{place}")
    if key not in st.session_state:
        start = st.session_state[_key(tray, f"start-{place}")] = dict(kept)
    shown = [{**row, **start.get(number, {})} for number, row in enumerate(rows)]
    columns = ("column", "source", "constant", "confidence", "example", "meaning")
    st.data_editor(
        pa.table({name: pa.array([row[name] for row in shown], pa.string()) for name in columns}),
        hide_index=True,
        row_height=panels.ROW_PX,
        height=panels.ROW_PX * (min(len(rows), 12) + 1),
        placeholder="-",
        disabled=["column", "confidence", "example", "meaning"],
        column_config={
            "column": st.column_config.TextColumn(tray.guess.feeds[place].table.name.capitalize(), pinned=True),
            "source": st.column_config.SelectboxColumn("Source column", options=source_columns(tray.guess, place), width="medium"),
            "constant": st.column_config.TextColumn("Or always", help="The same value in every row"),
            "confidence": st.column_config.TextColumn("Confidence", help="How sure the guess is"),
            "example": st.column_config.TextColumn("Example"),
            "meaning": st.column_config.TextColumn("What it means", width="large"),
        },
        key=key,
        alt="Columns of the table, and what each is taken from.",
    )
    changed: Mapping[int, Any] = st.session_state[key].get("edited_rows", {})
    return {at: {**start.get(at, {}), **changed.get(at, {})} for at in sorted({*start, *changed})}


def _remarks(guess: Guess, place: int) -> None:
    """Draw what was assumed and asked, which columns are left over, and what no file says."""
    guessed_feed = guess.feeds[place]
    for remark in dict.fromkeys(each.text for each in guessed_feed.remarks):
        panels.note(f"{'Please answer: ' if '?' in remark else ''}{remark}")
    used = {name for names in guessed_feed.feed.columns.values() for name in names}
    if left := [each.name for each in guessed_feed.leftovers if each.name not in used]:
        panels.note(f"Not placed: {', '.join(left)}.")
    given = {f"{each.table.name}.{name}" for each in guess.feeds for name in (*each.feed.columns, *each.feed.constants)}
    if missing := [each for each in guess.missing if each.split(":", 1)[0] not in given]:
        with st.expander(f"What the files do not say ({len(missing)})"):
            st.markdown("\n".join(f"- {each}" for each in missing))


def _previewed(previews: Sequence[Preview]) -> None:
    """Draw the first rows of every table as they would be stored, and what is null in them and why."""
    with panels.table_heading("Preview: the first rows as they will be stored"):
        pass
    tabs = st.tabs(
        [f"{each.table.name}, {write.counted(each.count.rows_in, 'row')}{'' if each.is_whole else ' of more'}" for each in previews]
    )
    for tab, each in zip(tabs, previews, strict=True):
        with tab:
            _preview(each)


def _preview(shown: Preview) -> None:
    name = shown.table.name
    fates = {"to keep": shown.count.kept, "merged": shown.count.merged, "replacing": shown.count.replaced}
    fates |= {"unchanged": shown.count.unchanged, "rejected": shown.count.rejected}
    told = write.listed([f"{write.whole(rows)} {fate}" for fate, rows in fates.items() if rows]) or "no rows"
    panels.note(f"{'' if shown.is_whole else f'Of the first {SAMPLE_ROWS:,} rows of each file: '}{told}.")
    columns = [panels.Shown(column, column, is_pinned=column in PREVIEW_COLUMNS[1:2]) for column in shown.rows.column_names]
    panels.table(
        loaded.as_text(shown.rows), columns, key=f"preview-{name}", alt=f"First rows of {name} as they will be stored.", height_rows=8
    )
    if shown.missing:
        rows = loaded.missing_rows(shown.missing)
        panels.table(rows, MISSING_COLUMNS, key=f"missing-{name}", alt=f"What is null in {name}, and why.", height_rows=6)
    if shown.absent:
        panels.note(f"In no file: {', '.join(shown.absent)}.")
    if shown.findings:
        panels.table(
            loaded.finding_rows(shown.findings), loaded.FINDING_COLUMNS, key=f"found-{name}", alt="Rules that rows break.", height_rows=6
        )


def _load(tray: Tray, text: str, previews: Sequence[Preview], version: Version | None) -> None:
    """Draw the choice between adding and replacing, and the button that starts the load."""
    way = "add"
    if version is not None:
        way = st.radio(
            "How",
            list(_WAYS),
            format_func=_WAYS.__getitem__,
            horizontal=True,
            key=_key(tray, "way"),
            help=_WAYS_HELP,
            label_visibility="collapsed",
        )
    is_sure = way == "add"
    if way == "replace" and version is not None:
        gone = [f"{each.table.name} ({write.counted(version.manifest.rows(each.table.name), 'row')})" for each in previews]
        is_sure = st.checkbox(f"Yes, the rows that are there now go: {write.listed(gone)}", key=_key(tray, "sure"))
    if st.button("Load as a new version", type="primary", key="load", disabled=not is_sure, icon=":material/upload:"):
        try:
            st.session_state[_JOB] = jobs().start(
                [],
                text,
                folder=tray.folder,
                warehouse=session.warehouse().root,
                is_replacing=way == "replace",
                title=tray.title,
                note="uploaded",
                keeps=tray,
            )
        except MallReachError as error:
            st.error(f"{error}.")
            return
        st.rerun()
