"""What happens inside one cell in one step? Real numbers of a run, forwards and backwards."""

from rnnlm_ui import runs, toolbox
from rnnlm_ui.cell import tools
from rnnlm_ui.components import viewport
from rnnlm_ui.i18n import t
from rnnlm_ui.page import head, how_to_read, next_link
from rnnlm_ui.tokens import words_on

folder, tool = runs.current(), tools.chosen()
head(t(f"cell.question.{tool}"), actions=runs.picker)
toolbox.of_run("cell", folder, tools.switch, tools.show)
next_link("generate", t("cell.next"))
how_to_read(t(f"cell.how.{tool}", **words_on(folder)))
viewport.watch()
