"""What is loaded, how fresh is it, and what was odd about it?"""

import streamlit as st

from ui import loaded, panels, session, upload, versions
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

left, right = st.columns(2, gap="medium")
with left:
    st.subheader("Versions", anchor=False)
    versions.draw(serving, version, may_serve=may_load())
with right:
    st.subheader("Markets", anchor=False)
    panels.table(loaded.market_days(version), loaded.MARKET_COLUMNS, key="markets", alt="Days that the orders of each market span.")
    st.subheader("Files of this version", anchor=False)
    panels.table(loaded.sources(version), loaded.SOURCE_COLUMNS, key="sources", alt="Files that were loaded.")

st.subheader("Tables", anchor=False)
panels.table(loaded.tables(version), loaded.TABLE_COLUMNS, key="tables", alt="Rows by table, and what became of the rows of the last load.")
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
link_to("Quality", "What these rules cost the figures, load by load and place by place")

st.subheader("Loading by command", anchor=False)
st.markdown(loaded.HOW_TO_LOAD)
