"""What is loaded, how fresh is it, and what was odd about it?"""

import streamlit as st

from ui import loaded, panels, session
from ui.frame import shown_version

version = shown_version()
warehouse = session.warehouse()
panels.question("What is loaded, how fresh is it, and what was odd about it?")
panels.answer_sentence(*loaded.sentence(version))

st.subheader("Tables", anchor=False)
panels.table(loaded.tables(version), loaded.TABLE_COLUMNS, key="tables", alt="Rows by table, and what became of the rows of the last load.")
for remark in version.manifest.notes:
    panels.note(remark)

left, right = st.columns(2, gap="medium")
with left:
    st.subheader("Markets", anchor=False)
    panels.table(loaded.market_days(version), loaded.MARKET_COLUMNS, key="markets", alt="Days that the orders of each market span.")
with right:
    st.subheader("Files of this version", anchor=False)
    panels.table(loaded.sources(version), loaded.SOURCE_COLUMNS, key="sources", alt="Files that were loaded.")

with panels.table_heading("Findings by rule"):
    if version.rejects_path:
        panels.csv_button(version.manifest.rejected, version.rejects_path.read_bytes, f"rejects_{version.id}.csv", key="rejects")
findings = loaded.findings(version)
if findings.num_rows:
    panels.table(findings, loaded.FINDING_COLUMNS, key="findings", alt="Rules that rows broke, with an example each.")
else:
    panels.note("No rule was broken in this load.")

st.subheader("Versions", anchor=False)
versions = loaded.versions(warehouse.versions(), warehouse.current() or version, version)
panels.table(versions, loaded.VERSION_COLUMNS, key="versions", alt="Published versions, newest first.")
st.subheader("How to load", anchor=False)
st.markdown(loaded.HOW_TO_LOAD)
