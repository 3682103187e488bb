"""What is loaded, how fresh is it, and what was odd about it?"""

import streamlit as st

from ui import kept, loaded, panels, session, source, upload, versions
from ui.frame import link_to, may_load, shown_version

version = shown_version()
serving = session.warehouse().current() or version
panels.question("What is loaded, how fresh is it, and what was odd about it?")
panels.answer_sentence(*loaded.sentence(version))

st.subheader("Load files", anchor=False)
if may_load():
    upload.draw(serving)
else:
    panels.note(loaded.MAY_NOT_LOAD)

st.subheader("Markets", anchor=False)
markets = loaded.market_days(version)
panels.table(markets, loaded.MARKET_COLUMNS, key="markets", alt="Days that the orders of each market span.")
source.offer([kept.record("Markets", "The days that the orders of each market span.", markets)], key="markets")

left, right = st.columns(2, gap="medium")
with left:
    st.subheader("Versions", anchor=False)
    versions.draw(serving, version, may_serve=may_load())
with right:
    st.subheader("Files of this version", anchor=False)
    files = loaded.sources(version)
    panels.table(files, loaded.SOURCE_COLUMNS, key="sources", alt="Files that were loaded.")
    source.offer([kept.record("Files of this version", "Each file with its rows and the hash of its content.", files)], key="files")

st.subheader("Tables", anchor=False)
tables = loaded.tables(version)
panels.table(tables, loaded.TABLE_COLUMNS, key="tables", alt="Rows by table, and what became of the rows of the last load.")
what = "Rows of each table in this version, and of the load that made it: in = kept + merged + replaced + unchanged + rejected."
source.offer([kept.record("Tables", what, tables)], key="tables")
for remark in version.manifest.notes:
    panels.note(remark)

with panels.table_heading("Report of this version's load, by rule"):
    if version.rejects_path and may_load():
        panels.csv_button(version.manifest.rejected, version.rejects_path.read_bytes, f"rejects_{version.id}.csv", key="rejects")
findings = loaded.findings(version)
if findings.num_rows:
    panels.table(findings, loaded.FINDING_COLUMNS, key="findings", alt="Rules that rows broke, with an example each.")
else:
    panels.note("No rule was broken in this load.")
source.offer([kept.findings(findings)], key="report")
link_to("Quality", "What these rules cost the figures, load by load and place by place")

st.subheader("Loading by command", anchor=False)
st.markdown(loaded.HOW_TO_LOAD)
