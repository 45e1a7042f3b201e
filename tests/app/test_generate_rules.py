"""The settings of Write: all rules of drawing, in the page and in its link, and none set twice."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core.generate import SamplingSettings, generate
from rnnlm_ui.generate.settings import RANGES
from rnnlm_ui.i18n import translate
from rnnlm_ui.runs import NAMES
from tests.app.inside_pages import opened, writing

pytestmark = pytest.mark.usefixtures("runs_folder", "on_a_quick_machine")


def page(**query: Any) -> AppTest:
    app = opened("generate", NAMES, "en", **query).run()
    assert not app.exception and not app.error
    return app


def written(app: AppTest, **settings: Any) -> str:
    """What the core writes with these, from nothing."""
    run = writing(app).run
    return "".join(token.text for token in generate(
        run.model, run.tokenizer, "", SamplingSettings(seed=run.config.seed, **settings)))


def test_a_link_has_every_rule_and_the_text_is_written_by_them() -> None:
    query = {"penalty": 1.3, "temperature": 0.9, "keep": "top_k", "top_k": 7, "min_p": 0.05,
             "length": 60}
    app = page(**query)
    assert writing(app).text == written(app, repetition_penalty=1.3, temperature=0.9, top_k=7,
                                        min_p=0.05, length=60)
    assert {name: app.query_params[name] for name in query} == {
        name: str(value) for name, value in query.items()}


def test_penalty_and_min_p_are_turned_undone_and_named() -> None:
    app = page(length=60)
    before = writing(app).text
    app.slider(key="min_p").set_value(0.2).run()
    assert writing(app).text == written(app, temperature=0.8, min_p=0.2, length=60) != before
    assert translate("en", "generate.rules", rules="min-p 0.2") in labels(app)
    app.slider(key="penalty").set_value(1.5).run()
    assert translate("en", "generate.rules", rules=translate(
        "en", "generate.rules_set", n=2)) in labels(app)
    app.button(key="generate.back").click().run()
    assert writing(app).text == before and app.slider(key="penalty").value == 1.0


def labels(app: AppTest) -> list[str]:
    return [block.proto.popover.label for block in app.get("popover")]


def test_no_setting_has_a_first_value_beside_the_one_that_is_set(
        monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit's server would warn of it, wherever undo or a link sets one."""
    import streamlit as st

    given: dict[str, Any] = {}
    for kind, name in (("slider", "value"), ("number_input", "value")):
        drawn = getattr(st, kind)

        def note(label: str, *values: Any, drawn: Any = drawn, name: str = name, **more: Any
                 ) -> Any:
            given[str(more.get("key"))] = more.get(name, values[2] if len(values) > 2 else None)
            return drawn(label, *values, **more)

        monkeypatch.setattr(st, kind, note)
    page(keep="top_k")
    page(keep="top_p")
    assert {name: given[name] for name in RANGES if name in given} == dict.fromkeys(
        set(RANGES) - {"documents"})


@pytest.mark.parametrize("seed", [2**53 - 1, 123_456_789_012])
def test_a_long_seed_stands_in_the_link_as_it_is(seed: int) -> None:
    app = page(draw=seed, length=5)
    assert app.number_input(key="draw").value == seed and app.query_params["draw"] == str(seed)


def test_a_field_that_is_emptied_counts_as_its_first_value() -> None:
    app = page(length=5)
    app.number_input(key="length").set_value(None).run()
    assert not app.exception and not app.error
    app.button(key="generate.another").click().run()
    assert writing(app).left + len(writing(app).tokens) == 240
