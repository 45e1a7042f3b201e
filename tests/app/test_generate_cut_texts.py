"""A text that is longer than its field reads is taken, cut, and said to be."""

from __future__ import annotations

import pytest

from rnnlm_ui.generate.cuts_dials import TEXT
from rnnlm_ui.generate.steer_force import FORCED, WATCH
from rnnlm_ui.i18n import translate
from rnnlm_ui.runs import NAMES
from tests.app.inside_pages import LANGUAGES, opened, said

pytestmark = pytest.mark.usefixtures("runs_folder", "on_a_quick_machine")


@LANGUAGES
def test_letters_of_ones_own_beyond_80(language: str) -> None:
    app = opened("generate", NAMES, language, length=20).run()
    field = app.text_input(key="generate.force")
    assert not field.proto.max_chars  # the browser would not take more
    field.input("LATIN " * 20).run()
    assert not app.exception and translate(language, "states.text_cut", n=80) in said(app)
    text = app.session_state["keep.generate.writing"].tree.branch
    assert text.by_hand and not app.error
    app.text_input(key="generate.force").input("GREEK").run()
    assert translate(language, "states.text_cut", n=80) not in said(app)


@LANGUAGES
def test_a_text_of_cuts_beyond_300(language: str) -> None:
    app = opened("generate", NAMES, language, writing="cuts")
    assert not app.text_input(key=TEXT).proto.max_chars
    app.text_input(key=TEXT).input("LATIN " * 60).run()
    assert not app.exception and not app.error
    assert translate(language, "states.text_cut", n=300) in said(app)
    app.text_input(key=TEXT).input("LATIN " * 50).run()
    assert translate(language, "states.text_cut", n=300) not in said(app)


@pytest.mark.parametrize("key", [FORCED, WATCH])
def test_what_is_forced_or_watched_beyond_20(key: str) -> None:
    app = opened("generate", NAMES, "en", writing="steer", steer="force")
    assert not app.text_input(key=key).proto.max_chars
    app.text_input(key=key).input("A" * 21).run()
    assert not app.exception and not app.error
    assert translate("en", "states.text_cut", n=20) in said(app)
