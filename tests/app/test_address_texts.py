"""The address and the reader's own texts, their unit, and the tool that a link asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st_
from streamlit.testing.v1 import AppTest

from rnnlm_ui.i18n import translate
from rnnlm_ui.runs import DIALOGUE, NAMES
from tests.app.inside_pages import LANGUAGES, go, opened, said, trained

pytestmark = pytest.mark.usefixtures("runs_folder")


def page(key: str, default: str, lines: bool) -> None:
    """A field, and a page beside it that has none; "back" stands for the browser's button."""
    import streamlit as st

    from rnnlm_ui import session

    with session.address():
        if st.toggle("field", True):
            default = st.session_state.get("other_run", default)
            kind = st.text_area if lines else st.text_input
            kind("text", key=session.text(key, default, lines), persist_state="session")
            st.button("clear", on_click=session.clear_text, args=(key,))
        st.write(f"own: {session.own_text(key)}")


def field(default: str = "", lines: bool = True, **query: str) -> AppTest:
    app = AppTest.from_function(page, args=("mine", default, lines))
    app.query_params.update(query)
    app.run()
    assert not app.exception
    return app


def shown(app: AppTest) -> str:
    return str([*app.text_area, *app.text_input][0].value)


def write(app: AppTest, text: str) -> AppTest:
    [*app.text_area, *app.text_input][0].set_value(text).run()
    assert not app.exception
    return app


def in_address(app: AppTest, key: str = "mine") -> str | None:
    found = app.query_params.get(key)
    return found[0] if isinstance(found, list) else found


def goes_back(app: AppTest, patch: pytest.MonkeyPatch, key: str = "mine",
              text: str | None = None) -> AppTest:
    """By the browser's button, to an address that has this text, or none."""
    app.query_params.pop(key, None)
    if text is not None:
        app.query_params[key] = text
    with patch.context() as back:
        back.setattr("rnnlm_ui.session.script.goes_back", lambda: True)
        app.run()
    assert not app.exception
    return app


# -- a field ---------------------------------------------------------------------------------------
def test_a_link_brings_the_text_and_a_written_one_stands_in_the_link() -> None:
    app = field("the run's own", mine="mine & <b>yours</b> 😀")
    assert shown(app) == in_address(app) == "mine & <b>yours</b> 😀"
    assert in_address(write(app, "another")) == "another"


@pytest.mark.parametrize("text", ["", "the run's own"])
def test_no_text_and_the_default_leave_nothing_in_the_address(text: str) -> None:
    app = field("the run's own", mine="something")
    assert in_address(write(app, text)) is None
    assert shown(app) == shown(app.run()) == text  # and nobody fills it while they think
    assert in_address(field("the run's own", mine=text)) is None


def test_the_default_of_another_run_takes_the_place_of_a_default_alone() -> None:
    app = field("one")
    app.session_state["other_run"] = "two"
    assert shown(app.run()) == "two" and in_address(app) is None
    write(app, "mine")
    app.session_state["other_run"] = "three"
    assert shown(app.run()) == in_address(app) == "mine"
    write(app, "")
    app.session_state["other_run"] = "four"
    assert shown(app.run()) == "four"


def test_a_long_text_stays_in_the_tab_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    app = field()
    assert in_address(write(app, "e" * 300)) == "e" * 300
    assert in_address(write(app, "e" * 301)) is None and shown(app.run()) == "e" * 301
    app.toggle[0].set_value(False).run()
    app.toggle[0].set_value(True).run()
    assert shown(app) == "e" * 301
    # an address without a text is the one that the long one had
    assert shown(goes_back(app, monkeypatch)) == "e" * 301
    assert shown(goes_back(app, monkeypatch, text="before")) == "before"
    assert shown(goes_back(app, monkeypatch)) == "e" * 301
    write(app, "")
    assert shown(goes_back(app, monkeypatch)) == ""


def test_back_and_forth_bring_the_text_of_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    app = field("default")
    write(write(app, "first"), "second")
    assert shown(goes_back(app, monkeypatch, text="first")) == in_address(app) == "first"
    assert shown(goes_back(app, monkeypatch)) == "default" and in_address(app) is None
    assert shown(goes_back(app, monkeypatch, text="second")) == "second"


def test_a_page_that_was_left_has_the_text_again_and_the_address_keeps_it() -> None:
    app = write(field("default"), "mine")
    app.toggle[0].set_value(False).run()
    assert in_address(app) == "mine" and app.markdown[0].value == "own: mine"
    app.toggle[0].set_value(True).run()
    assert shown(app) == "mine"


def test_away_with_ones_own_text() -> None:
    app = field("default", mine="mine")
    app.button[0].click().run()
    assert shown(app) == "default" and in_address(app) is None


FAMILY = "👨\u200d👩\u200d👧 \u202eabc"


@pytest.mark.parametrize(("sent", "lines", "taken"), [
    ("a\r\nb\rc\nd", True, "a\nb\nc\nd"), ("a\r\nb\nc", False, "a b c"),
    ("\x00\x07\x1b[31mred\x7f\x85\ttab", True, "[31mred\ttab"), (FAMILY, True, FAMILY),
    ("\ufffd", True, "\ufffd"), ("x" * 5_000, True, "x" * 5_000)],
    ids=["lines", "one line", "control", "emoji", "no letter", "long"])
def test_odd_texts_in_a_link(sent: str, lines: bool, taken: str) -> None:
    app = field("default", lines, mine=sent)
    assert shown(app) == taken
    assert in_address(app) == (taken if len(taken) <= 300 else None)


def test_half_a_surrogate_pair_is_not_written_into_the_address() -> None:
    def page() -> None:
        import streamlit as st

        from rnnlm_ui import session

        with session.address():
            st.session_state["mine"] = "a\ud83db"
            session.text("mine")

    app = AppTest.from_function(page).run()
    assert not app.exception and in_address(app) == "ab"


@settings(max_examples=12, deadline=None)
@given(st_.text(st_.characters(exclude_categories=["Cs"]), max_size=320))
def test_what_the_address_has_brings_the_same_text(text: str) -> None:
    sent = in_address(write(field("default"), text))
    if sent is not None:
        assert 0 < len(sent) <= 300
        again = field("default", mine=sent)
        assert shown(again) == in_address(again) == sent


# -- the fields of the pages -----------------------------------------------------------------------
FIELDS = {  # key of the field: page, run, what else the link says, whether it is of one line
    "states_text": ("states", DIALOGUE, {"tool": "read"}, False),
    "cell_text": ("cell", NAMES, {"inside": "forward"}, False),
    "check_own": ("generate", DIALOGUE, {"writing": "check", "check_text": "own"}, False),
    "steer_prompt": ("generate", DIALOGUE, {"writing": "steer", "steer": "swap"}, False),
    "steer_prompt_b": ("generate", DIALOGUE, {"writing": "steer", "steer": "swap"}, False),
    "taught_own": ("gradients", DIALOGUE, {"lab": "taught"}, True),
    "cut_text": ("generate", NAMES, {"writing": "cuts"}, True)}
OWN = "THE HORSE LEFT and the cloud said so again"


def box(app: AppTest, key: str) -> Any:
    return app.text_input(key=key) if FIELDS[key][3] else app.text_area(key=key)


def tool_with(key: str, **query: object) -> AppTest:
    name, run, more, _ = FIELDS[key]
    app = opened(name, run, **more, **query)
    assert not app.exception and not app.error
    return app


@pytest.mark.parametrize("key", FIELDS)
def test_a_field_of_a_tool_and_the_address(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = tool_with(key)
    first = box(app, key).value
    assert in_address(app, key) is None  # a text of the run is not the reader's own
    box(app, key).set_value(OWN).run()
    assert in_address(app, key) == OWN and not app.exception
    told = said(app)
    box(app, key).set_value(OWN * 8).run()
    assert in_address(app, key) is None
    assert box(goes_back(app, monkeypatch, key, OWN), key).value == OWN
    assert said(app) == told
    # the link alone, on another tab: the same words on the page
    there = tool_with(key, **{key: OWN})
    assert box(there, key).value == in_address(there, key) == OWN and said(there) == told
    # and it is not left behind on another page
    app = go(go(there, "home"), FIELDS[key][0])
    assert in_address(app, key) == OWN and box(app, key).value == OWN
    box(app, key).set_value("").run()
    assert in_address(app, key) is None and not app.exception
    assert first != OWN


@pytest.mark.parametrize("key", FIELDS)
@pytest.mark.parametrize("text", ["<b>*x*</b> $a_1$", "漢字😀\u202e", "\x00\x07\t", "e" * 5_000],
                         ids=["marks", "unknown", "control", "long"])
def test_odd_texts_in_a_link_to_a_tool(key: str, text: str) -> None:
    name, run, more, _ = FIELDS[key]
    app = opened(name, run, **more, **{key: text})
    assert not app.exception and len(app.error) <= 1  # a sentence, where nothing of it is known
    assert "<b>" not in said(app)
    longer = len(text) > 300
    assert in_address(app, key) == (None if longer else text.removeprefix("\x00\x07"))


def test_the_cell_page_goes_back_to_the_runs_own_text() -> None:
    app = tool_with("cell_text", cell_text="HELLO THERE")
    app.button(key="cell.run_text").click().run()
    assert in_address(app, "cell_text") is None and box(app, "cell_text").value != "HELLO THERE"
    assert "cell.run_text" not in [button.key for button in app.button]


def test_one_text_is_read_by_every_tool_of_the_states_page() -> None:
    app = tool_with("states_text", states_text=OWN)
    for tool in ("find", "match", "move"):
        app.segmented_control(key="tool").set_value(tool).run()
        assert box(app, "states_text").value == in_address(app, "states_text") == OWN
        assert not app.exception


# -- the unit of the States page -------------------------------------------------------------------
def unit_of(app: AppTest) -> tuple[str, int]:
    return (app.selectbox(key="states_part").value, app.number_input(key="states_unit").value)


def asked_unit(app: AppTest) -> list[str | None]:
    return [in_address(app, f"states_{name}") for name in ("part", "layer", "unit")]


def test_a_unit_that_was_chosen_stands_in_the_address_and_a_found_one_does_not(
        monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened("states", DIALOGUE)
    found = unit_of(app)
    assert asked_unit(app) == [None, None, None]
    app.number_input(key="states_unit").set_value(5).run()
    app.selectbox(key="states_part").select("z").run()
    assert asked_unit(app) == ["z", None, "5"]
    there = opened("states", DIALOGUE, states_part="z", states_unit=5)
    assert unit_of(there) == ("z", 5) and asked_unit(there) == ["z", None, "5"]
    assert said(there) == said(app)
    assert unit_of(go(go(there, "home"), "states")) == ("z", 5)
    with monkeypatch.context() as back:  # to before it was chosen
        back.setattr("rnnlm_ui.session.script.goes_back", lambda: True)
        for name in ("part", "unit"):
            app.query_params.pop(f"states_{name}", None)
        app.run()
    assert unit_of(app) == found and asked_unit(app) == [None, None, None]
    with monkeypatch.context() as back:  # and forth again
        back.setattr("rnnlm_ui.session.script.goes_back", lambda: True)
        app.query_params.update({"states_part": "z", "states_unit": "5"})
        app.run()
    assert unit_of(app) == ("z", 5) and not app.exception


def test_the_layer_stands_there_where_there_are_several(runs_folder: Path) -> None:
    folder = trained(runs_folder, cell="lstm", layers=2)
    app = opened("states", folder.id, states_part="c", states_layer=0, states_unit=3)
    assert unit_of(app) == ("c", 3) and app.selectbox(key="states_layer").value == 0
    app.selectbox(key="states_layer").select(1).run()
    assert asked_unit(app) == ["c", "1", "3"] and not app.exception
    # another run: its own unit, and the address asks for none
    app.session_state["unroll.run"] = DIALOGUE
    app.run()
    assert asked_unit(app) == [None, None, None] and unit_of(app) == unit_of(
        opened("states", DIALOGUE))


@pytest.mark.parametrize("query", [
    {"states_unit": "999"}, {"states_unit": "-1"}, {"states_unit": "1.5"}, {"states_unit": "²"},
    {"states_unit": "<b>"}, {"states_unit": "9" * 400}, {"states_part": "c", "states_unit": "5"},
    {"states_part": "xyz"}, {"states_layer": "1", "states_unit": "5"}, {"states_layer": "0"}])
def test_a_unit_that_the_run_has_not_gives_way_to_the_found_one(query: dict[str, str]) -> None:
    app = opened("states", DIALOGUE, **query)
    assert not app.exception and not app.error and asked_unit(app) == [None, None, None]
    assert unit_of(app) == unit_of(opened("states", DIALOGUE))


# -- a tool that the page has not ------------------------------------------------------------------
TOOLS = {"states": ("tool", "read", "find"), "gradients": ("lab", "reach", "dial"),
         "generate": ("writing", "write", "check"), "cell": ("inside", "forward", "back")}


@LANGUAGES
@pytest.mark.parametrize("name", TOOLS)
def test_a_link_to_no_tool_is_told_in_one_sentence(name: str, language: str) -> None:
    key, first, _ = TOOLS[name]
    app = opened(name, DIALOGUE, language, **{key: "<b>*xyz*" + "e" * 900})
    assert [error.value for error in app.error] == [translate(
        language, "common.no_tool", asked=r"\<b\>\*xyz\*" + "e" * 32,
        shown=translate(language, f"{name}.tool_name.{first}"))]
    assert app.title[0].value == translate(language, f"{name}.question.{first}")
    assert in_address(app, key) is None  # a reload does not tell it again


@pytest.mark.parametrize("name", TOOLS)
def test_it_is_told_until_another_is_chosen(name: str) -> None:
    key, first, other = TOOLS[name]
    app = opened(name, DIALOGUE, **{key: "xyz"})
    assert len(app.run().error) == 1  # a phone draws the page twice at its beginning
    app.segmented_control(key=key).set_value(other).run()
    assert not app.error
    app.segmented_control(key=key).set_value(first).run()
    assert not app.error and not app.exception


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_that_there_is_and_none_are_no_fault(name: str) -> None:
    key, _, other = TOOLS[name]
    assert not opened(name, DIALOGUE, **{key: other}).error
    app = opened(name, DIALOGUE, **{key: "xyz"})
    assert len(app.error) == 1 and not go(go(app, "home"), name).error
