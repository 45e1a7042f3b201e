"""What one browser tab remembers: the ONLY folder that touches session state and the URL.

In the URL, so that a link or a reload brings the same view: `?lang=`, `?run=`, `?step=` (the moment
of that run), `?runs=` (those that are compared), what differs from the default settings, and the
choices of a view, in no language: `?unit=nats`; the reader's own texts, as long as they are short.
`address()` takes over what is new in it and writes it from session state, on every run, as
Streamlit drops plain parameters when a page is left. Widgets with a `key` look after themselves
(`bind="query-params"`, `persist_state="session"`).
"""

from rnnlm_ui.session.looked_at import (
    MOST_COMPARED,
    RUN_ID,
    choose_moment,
    choose_run,
    compare,
    compared,
    moment,
    no_run,
    no_runs,
    run_id,
)
from rnnlm_ui.session.memory import forget, once_per, preset, recall, remember, set_widget, widget
from rnnlm_ui.session.notes import tell, told
from rnnlm_ui.session.reader_language import (
    LANGUAGES,
    choose_language,
    language,
    language_switch,
)
from rnnlm_ui.session.script import again, page_again
from rnnlm_ui.session.settings import draft, draft_error, set_draft, settings_of
from rnnlm_ui.session.texts import LONGEST_TEXT, clear_text, own_text, text
from rnnlm_ui.session.url import address, address_now, url_parameters
from rnnlm_ui.session.view import asked, choice, choices, news, number, stand

__all__ = [
    "LANGUAGES", "LONGEST_TEXT", "MOST_COMPARED", "RUN_ID", "address", "address_now", "again",
    "asked", "choice", "choices", "choose_language", "choose_moment", "choose_run", "clear_text",
    "compare", "compared", "draft", "draft_error", "forget", "language", "language_switch",
    "moment", "news", "no_run", "no_runs", "number", "once_per", "own_text", "page_again",
    "preset", "recall", "remember", "run_id", "set_draft", "set_widget", "settings_of", "stand",
    "tell", "text", "told", "url_parameters", "widget",
]
