"""What does the network read? Choose a text; see it whole, in numbers, and as ids."""

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import UnrollError
from rnnlm_ui import data_view, session
from rnnlm_ui.i18n import t
from rnnlm_ui.page import fault, head, how_to_read, next_link

data_view.take_result()
head(t("data.title"), actions=data_view.source_switch)
config = session.draft()
problem = data_view.take_fault()
if problem is not None:
    fault(problem)

try:
    corpus = data_view.draft_corpus(config)
    numbers = data_view.statistics(corpus, config.validation_share)
    ids, tokens = data_view.tokenizer(corpus, config), data_view.token_numbers(corpus, config)
    replaced = False
except UnrollError as error:
    # never an empty page: the default text stands in for the one that is not to be had
    if problem is None:
        fault(error)
    config = RunConfig()
    corpus = data_view.draft_corpus(config)
    numbers = data_view.statistics(corpus, config.validation_share)
    ids, tokens = data_view.tokenizer(corpus, config), data_view.token_numbers(corpus, config)
    replaced = True

answer = data_view.finding(numbers)
if replaced:
    answer = t("data.instead", name=data_view.corpus_name(corpus)) + " " + answer
st.markdown(answer)
if not replaced and (short := data_view.fits(tokens, config)) is not None:
    fault(short)

data_view.chooser(session.widget("data.source", "builtin"))
picture, side = st.columns([2.1, 1], gap="medium")
with picture:
    data_view.preview(corpus, tokens, ids, config.tokenizer == "characters")
    data_view.token_strip(corpus, ids)
    data_view.frequencies(corpus, numbers, tokens, ids)
with side:
    data_view.facts(corpus, numbers, tokens, config)
next_link("build", t("data.next"))
how_to_read(t("data.how_to_read"))
