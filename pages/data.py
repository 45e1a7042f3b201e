"""What does the network read? Choose a text; see it whole, in numbers, and as ids."""

import streamlit as st

from rnnlm_core.config import RunConfig
from rnnlm_core.errors import ConfigError, UnrollError
from rnnlm_ui import data_embeddings, data_hub_call, data_text, data_vectors, session
from rnnlm_ui.data_cleaning import cleaning
from rnnlm_ui.data_facts import facts, finding
from rnnlm_ui.data_frequencies import frequencies
from rnnlm_ui.data_repairs import refused
from rnnlm_ui.data_source import chooser, source_switch
from rnnlm_ui.data_streams import streams
from rnnlm_ui.data_tokens import preview, token_strip
from rnnlm_ui.i18n import t
from rnnlm_ui.page import head, how_to_read, next_link

data_hub_call.take_result()
data_vectors.take_result()
head(t("data.title"), actions=source_switch)
config = session.draft()
problem = data_text.take_fault()
if problem is not None:
    refused(problem)

try:
    corpus = data_text.draft_corpus(config)
    numbers = data_text.statistics(corpus, config)
    ids, tokens = data_text.tokenizer(corpus, config), data_text.token_numbers(corpus, config)
    replaced = False
except UnrollError as error:
    # never an empty page: the default text stands in for the one that is not to be had
    if problem is None:
        refused(error)
    config = RunConfig()
    corpus = data_text.draft_corpus(config)
    numbers = data_text.statistics(corpus, config)
    ids, tokens = data_text.tokenizer(corpus, config), data_text.token_numbers(corpus, config)
    replaced = True

answer = finding(numbers, corpus.manifest.source)
if replaced:
    answer = t("data.instead", name=data_text.corpus_name(corpus)) + " " + answer
st.markdown(answer)
fit = data_text.fits(tokens, config)
if isinstance(fit, UnrollError):
    refused(fit)
for contradiction in [] if replaced else config.of_text().problems():
    refused(ConfigError([contradiction]))

chooser(session.widget("data.source", "builtin"))
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
if not replaced:
    data_embeddings.section(corpus, ids, config)
next_link("build", t("data.next"))
how_to_read(t("data.how_to_read"))
