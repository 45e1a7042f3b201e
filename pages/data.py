"""What does the network read? Choose a text; see it whole, in numbers, and as ids."""

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import ConfigError, UnrollError
from rnnlm_ui import (
    data_count,
    data_embeddings,
    data_hub_call,
    data_text,
    data_upload,
    data_vectors,
    session,
)
from rnnlm_ui.data_cleaning import cleaning
from rnnlm_ui.data_facts import facts, finding
from rnnlm_ui.data_frequencies import frequencies
from rnnlm_ui.data_repairs import refused
from rnnlm_ui.data_source import chooser, source_switch
from rnnlm_ui.data_streams import streams
from rnnlm_ui.data_tokens import preview, token_strip
from rnnlm_ui.i18n import number, t
from rnnlm_ui.page import head, how_to_read, next_link, plain

data_hub_call.take_result()
data_vectors.take_result()
data_upload.keep_up()
head(t("data.title"), actions=source_switch)
config = session.draft()
problem = data_text.refusal()
if problem is not None:
    refused(problem)

try:
    corpus, replaced = data_text.draft_corpus(config), False
    count = data_count.going_on(corpus, config)
    counted = None if count is not None else data_text.counted(corpus, config)
except UnrollError as error:
    # never an empty page: the default text stands in for the one that is not to be had
    if problem is None:
        refused(error)
    config = RunConfig()
    corpus, replaced, count = data_text.draft_corpus(config), True, None
    counted = data_text.counted(corpus, config)

if counted is None:
    answer = t("data.count.finding", characters=number(len(corpus.text)))
else:
    answer = finding(counted.numbers, corpus.manifest.source)
if replaced:
    answer = t("data.instead", name=plain(data_text.corpus_name(corpus))) + " " + answer
elif problem is not None:  # a text was refused, and this is not it
    answer = t("data.stays", name=plain(data_text.corpus_name(corpus))) + " " + answer
st.markdown(answer)
if counted is not None and isinstance(fit := data_text.fits(counted.tokens, config), UnrollError):
    refused(fit)
for contradiction in [] if replaced else config.of_text().problems():
    refused(ConfigError([contradiction]))

chooser(session.widget("data.source", "builtin"))
if count is not None:
    data_count.waiting(corpus, config, count)
if counted is not None:
    numbers, ids, tokens = counted
    picture, side = st.columns([2.1, 1], gap="medium")
    with picture:
        preview(corpus, tokens, ids, config.by_character)
        token_strip(corpus, ids)
        if not isinstance(fit, UnrollError):
            streams(corpus, config, fit)
        frequencies(corpus, numbers, tokens, ids)
    with side:
        facts(corpus, numbers, tokens, ids, config)
cleaning(corpus)
if counted is not None and not replaced:
    data_embeddings.section(corpus, counted.ids, config)
next_link("build", t("data.next"))
how_to_read(t("data.how_to_read"))
