"""How did the program do last week?"""

import streamlit as st

from analytics import joined
from ui import filters, overview, panels, scene
from ui.charts import CONFIG
from ui.frame import current_view, link_to

view = current_view()
panels.question(overview.question(view), overview.days(view))
panels.answer_sentence(*overview.sentence(view))
panels.note(overview.lagging(view))
panels.tiles(overview.tiles(view))

left, right = panels.beside(58, 42)
with left:
    answers = overview.scorecard_answers(view)
    rows = overview.scorecard(view)
    with panels.table_heading("Malls"):
        written = joined.row_count(answers, rows)
        panels.csv_button(written, lambda: joined.csv(answers, rows), joined.file_name("malls", answers), key="malls-csv")
    panels.table(
        rows, overview.scorecard_columns(rows, view), key="malls", alt=f"One row a mall, {view.days}: orders, on time, click-to-door p90."
    )
    st.subheader("Week by week", anchor=False)
    filters.segments(overview.trend_control(view))
    st.plotly_chart(overview.trend_chart(view), theme=None, config=CONFIG, key="trend", alt="The chosen figure by week and market.")

with right:
    if view.market is None and len(view.markets) > 1:
        filters.segments(overview.map_switch(view))
    figure, cells, span = overview.by_cell(view)
    title = overview.map_title(cells)
    scene.draw(figure, alt=f"Map of {overview.map_market(view).name}: {title}, {span}.", height_px=overview.MAP_PX)
    panels.note(overview.off_the_map(cells))
    if story := overview.cell_story(view, cells):
        panels.story("The chosen cell", story)
    link_to("Coverage", "Whom can a mall reach, and who is left out?")
    panels.numbers_behind(title, cells, view.version, key="cells")
    panels.table(overview.cells_table(cells), overview.CELLS[cells.metric.id], key="cells-table", alt=f"{title}, {span}.", height_rows=6)
