"""What do the figures have to leave out, and why?"""

import streamlit as st

from analytics.export import table_csv
from ui import panels, quality, scene
from ui.charts import CONFIG
from ui.frame import current_view, link_to

view = current_view()
manifest = view.version.manifest


def csv(rows, name):
    panels.csv_button(
        rows.num_rows, lambda: table_csv(rows, is_synthetic=manifest.synthetic), f"{name}_{view.version.id}.csv", key=f"{name}-csv"
    )


panels.question("What do the figures have to leave out, and why?")
panels.answer_sentence(*quality.sentence(view))

left, right = panels.beside(58, 42)
with left:
    rows = quality.left_out(view)
    with panels.table_heading("Orders that figures leave out"):
        csv(rows, "left_out")
    panels.table(
        rows,
        quality.LEFT_OUT_COLUMNS,
        key="left-out",
        alt="One row a figure: the share of orders that it leaves out, and why.",
        height_rows=16,
    )
with right:
    cells = quality.doors(view)
    figure = quality.doors_map(view, cells)
    with panels.table_heading("Suspicious doors"):
        if figure:
            csv(cells, "suspicious_doors")
    panels.note(quality.doors_sentence(view, cells))
    if figure:
        scene.draw(figure, alt=quality.doors_sentence(view, cells), height_px=quality.MAP_PX)
        panels.table(cells, quality.DOOR_COLUMNS, key="doors", alt="Suspicious doors by cell.", height_rows=4)

found = quality.findings(view)
with panels.table_heading("Findings by table and rule"):
    csv(found.drop_columns(["loads"]), "findings")
if found.num_rows:
    panels.table(
        found,
        quality.finding_columns(found),
        key="findings",
        alt="One row a rule that rows broke: rows, example, how to mend.",
        height_rows=10,
    )
else:
    panels.note("No rule was broken in any load that is kept.")
chart = quality.trend_chart(view)
if chart is not None:
    st.subheader("Load by load", anchor=False)
    st.plotly_chart(chart, theme=None, config=CONFIG, key="loads", alt="Rows that broke the most frequent rules, load by load.")

fresh = quality.freshness(view)
with panels.table_heading("How far the data reach"):
    csv(fresh, "freshness")
panels.table(fresh, quality.FRESHNESS_COLUMNS, key="freshness", alt="One row a table and market: data to which day.")
link_to("Data", "Load files, see versions, take a load back")
