"""What would it write next? A text that grows, each character with what else it could have been."""

import contextlib

import streamlit as st

from rnnlm_core.errors import UnrollError
from rnnlm_ui import generate_view, generate_wishes, look_inside, runs, time_machine
from rnnlm_ui.components import viewport
from rnnlm_ui.generate_settings import main_button
from rnnlm_ui.i18n import t
from rnnlm_ui.page import head, how_to_read, next_link
from rnnlm_ui.tokens import words_on

folder = runs.current()
with st.bottom:
    # a callback, because a script run may be interrupted before it comes to the value
    st.chat_input(t("generate.placeholder"), key=generate_wishes.PROMPT,
                  max_chars=generate_wishes.LONGEST_PROMPT, on_submit=generate_wishes.take_prompt)
active = generate_wishes.is_active()


def actions() -> None:
    runs.picker()
    main_button(active)


head(t("generate.title"), actions=actions)
look_inside.missing_run()
time_machine.slider(folder, lambda: time_machine.fork_link(folder))
narrow = viewport.is_narrow()
ticking = active or generate_view.opening(folder)
st.fragment(lambda: generate_view.live(folder, ticking, narrow), key="generate.live",
            run_every=generate_view.TICK if ticking else None)()
with contextlib.suppress(UnrollError):  # the text's place says what is damaged
    look_inside.follow_checkpoints(folder, time_machine.entry(folder))
next_link("data", t("generate.next"))
how_to_read(t("generate.how_to_read", **words_on(folder)))
viewport.watch()
