"""What would it write next? Writing with the model, and tools that look at how it writes."""

from rnnlm_ui import runs, toolbox
from rnnlm_ui.generate import tools
from rnnlm_ui.i18n import t
from rnnlm_ui.page import head, how_to_read, next_link
from rnnlm_ui.tokens import words_on

folder, tool = runs.current(), tools.chosen()
head(tools.question(tool), actions=tools.actions(tool))
if tool in tools.OWN_PAGE:
    tools.page_of(tool)(folder)
else:
    toolbox.of_run("generate", folder, tools.switch, tools.show)
next_link("data", t("generate.next"))
how_to_read(t(f"generate.how.{tool}", **words_on(folder)))
