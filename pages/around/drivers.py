"""Are there enough drivers, when and where?"""

import streamlit as st

from ui import drivers, panels, scene
from ui.charts import CONFIG
from ui.frame import current_view

view = current_view()
text, aside = drivers.sentence(view)
panels.question("Are there enough drivers, when and where?")
panels.answer_sentence(text, aside)
if not drivers.has_shifts(view):
    st.stop()

panels.figures(drivers.figures(view))
left, right = panels.beside(55, 45)
with left:
    legend, grid = drivers.grid(view)
    st.html(legend)
    panels.week_hours(grid, key="grid", alt=f"Driver-hours short and spare by weekday and hour. {text}")
    panels.note(drivers.hour_words_in_full(view))
with right:
    figure, cells = drivers.cells_map(view)
    scene.draw(figure, alt=drivers.map_title(view), height_px=drivers.MAP_PX)
    if story := drivers.cell_story(view, cells):
        panels.story("The chosen cell", story)
    panels.note(drivers.map_notes(view))
panels.note(drivers.data_notes(view))

use, trips = st.columns(2, gap="medium")
with use:
    variants = drivers.variants(view)
    with panels.table_heading("What counts as utilized"):
        panels.rows_button(variants, "utilization-variants", view.version)
    columns = drivers.with_notes(drivers.VARIANTS, variants)
    panels.table(variants, columns, key="variants", alt="Shares of online time by what counts as utilized.")
    panels.table_heading("Time at the mall")
    if (bar := drivers.dwell_bar(view)) is not None:
        st.plotly_chart(bar, theme=None, config=CONFIG, key="dwell", alt=drivers.dwell_note(view))
    panels.note(drivers.dwell_note(view))
with trips:
    measures = drivers.measures(view)
    with panels.table_heading("Trips and pay"):
        panels.rows_button(measures, "trips-and-pay", view.version)
    columns = drivers.with_notes(drivers.MEASURES, measures)
    panels.table(measures, columns, key="measures", alt="Acceptance, batches, empty meters, cost and pay.")
    panels.note(drivers.MONEY_NOTE)

malls = drivers.malls_table(view)
with panels.table_heading(f"Malls of {view.focus.name}"):
    panels.rows_button(malls, "drivers-by-mall", view.version)
columns = drivers.with_notes(drivers.MALLS, malls)
panels.table(malls, columns, key="malls-table", alt="Drivers' hours, use, pay and cost of every open mall.")
panels.note(drivers.MALLS_NOTE)

panels.numbers_behind("Hours of the week", drivers.gap_by_hour(view), view.version, key="hours")
panels.table(drivers.hours_table(view), drivers.hours_columns(), key="hours-table", alt=f"Hours short and spare. {text}", height_rows=8)
panels.numbers_behind(drivers.cells_title(view), drivers.cells(view), view.version, key="cells")
panels.table(cells, drivers.cells_columns(), key="cells-table", alt="Hours short and spare by cell.", height_rows=6)
