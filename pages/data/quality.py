"""What do the figures have to leave out, and why?"""

import streamlit as st

from ui import kept, panels, quality, scene, source
from ui.charts import CONFIG
from ui.frame import current_view, link_to

view = current_view()
panels.question("What do the figures have to leave out, and why?")
panels.answer_sentence(*quality.sentence(view))

cells = quality.doors(view)
left, right = panels.beside(58, 42) if cells.num_rows else (st.container(), st.container())
with left:
    rows = quality.left_out(view)
    with panels.table_heading("Orders that figures leave out"):
        panels.rows_button(rows, "left_out", view.version)
    alt = "One row a figure: the share of orders that it leaves out, and why."
    panels.table(rows, quality.LEFT_OUT_COLUMNS, key="left-out", alt=alt, height_rows=16)
    source.offer([kept.left_out(view, rows)], key="left-out")
with right:
    with panels.table_heading("Suspicious doors"):
        panels.rows_button(cells, "suspicious_doors", view.version)
    words = quality.doors_sentence(view, cells)
    panels.note(words)
    if figure := quality.doors_map(view, cells):
        scene.draw(figure, alt=words)
    if cells.num_rows:
        panels.table(cells, quality.DOOR_COLUMNS, key="doors", alt="Suspicious doors by cell.", height_rows=4)
    source.offer([kept.doors(view, cells)], key="doors")

found = quality.findings(view)
with panels.table_heading("Findings by table and rule"):
    panels.rows_button(found.drop_columns(["loads"]), "findings", view.version)
if found.num_rows:
    alt = "One row a rule that rows broke: rows, example, how to mend."
    panels.table(found, quality.finding_columns(found), key="findings", alt=alt, height_rows=10)
else:
    panels.note("No rule was broken in any load that is kept.")
if chart := quality.trend_chart(view):
    st.subheader("Load by load", anchor=False)
    st.plotly_chart(chart, theme=None, config=CONFIG, key="loads", alt="Rows that broke the most frequent rules, load by load.")
source.offer([kept.findings(found)], key="findings")

fresh = quality.freshness(view)
with panels.table_heading("How far the data reach"):
    panels.rows_button(fresh, "freshness", view.version)
panels.table(fresh, quality.FRESHNESS_COLUMNS, key="freshness", alt="One row a table and market: data to which day.")
source.offer([kept.freshness(view.version, fresh)], key="freshness")
link_to("Data", "Load files, see versions, take a load back")
