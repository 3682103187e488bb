"""What does each figure mean, and where does it come from?"""

from functools import partial

from ui import dictionary, panels
from ui.frame import link_to, shown_version

version = shown_version()
shown = dictionary.matches()
text, aside = dictionary.sentence(shown)
metric, problem = dictionary.opened(shown)
panels.question("What does each figure mean, and where does it come from?")
panels.answer_sentence(text, aside)
panels.note(problem)
dictionary.search()

left, right = panels.beside(50, 50)
with left:
    with panels.table_heading("Figures"):
        panels.export(dictionary.file(shown), key="dictionary")
    choose = partial(dictionary.choose, shown)
    alt = f"One row a figure. {text} Choose a row to read it."
    panels.table(dictionary.table(shown), dictionary.LIST, key="dictionary-table", alt=alt, height_rows=22, on_row=choose)
with right:
    if metric is not None:
        dictionary.entry(metric, version, link=link_to)
