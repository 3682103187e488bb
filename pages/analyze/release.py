"""What may leave the house?"""

from ui import panels, release, source
from ui.frame import current_view

view = current_view()
found = release.released(view)
text, aside = release.sentence(view, found)
panels.question("What may leave the house?", "whole months, fixed blocks")
panels.answer_sentence(text, aside)
with panels.table_heading("For release"):
    panels.export(release.file(view, found), key="release")
with source.where_from("release", others=[release.behind(view, found)]):
    panels.table(release.rows(view, found), release.columns(found), key="release-table", alt=f"Rows for release. {text}", height_rows=16)
panels.note(found.note)
