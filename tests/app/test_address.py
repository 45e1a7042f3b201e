"""The address: what a person brings in it counts, what the browser only says again does not."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core.config import RunConfig


def page(written: list[dict[str, str]]) -> None:
    """Each press looks at another run; "interrupted" draws the page anew before it has ended."""
    import streamlit as st

    from rnnlm_ui import session

    with session.address():
        session.language_switch("language")
        for name in ("a", "b"):
            st.button(name, on_click=session.choose_run, args=(name,))
        if st.button("interrupted"):
            session.choose_run("c")
            st.rerun()
        st.write(f"looks at {session.run_id()} {session.moment()}")
    written.append({name: said for name, said in st.query_params.to_dict().items() if said})


def opened(**query: str) -> tuple[AppTest, list[dict[str, str]]]:
    written: list[dict[str, str]] = []
    app = AppTest.from_function(page, args=(written,))
    app.query_params.update(query)
    return app.run(), written


def press(app: AppTest, name: str, address: str | None = None) -> str:
    """What it looks at after a press, while the browser shows `address`."""
    if address is not None:
        app.query_params["run"] = address
    next(button for button in app.button if button.label == name).click().run()
    return app.markdown[0].value


def test_a_link_brings_its_run_and_moment() -> None:
    app, _ = opened(run="a", step="16")
    assert app.markdown[0].value == "looks at a 16"


def test_a_chosen_run_is_written_into_the_address() -> None:
    app, written = opened(run="a")
    assert press(app, "b") == "looks at b None"
    assert written[-1]["run"] == "b"


def test_an_address_that_is_behind_does_not_choose_the_older_run_again() -> None:
    app, written = opened()
    assert press(app, "a") == "looks at a None"
    # the browser has not shown ?run=a yet, then shows it when another run has been chosen
    assert press(app, "interrupted", address="") == "looks at c None"
    assert press(app, "b", address="a") == "looks at b None"
    assert app.run().markdown[0].value == "looks at b None"
    assert written[-1]["run"] == "b"


def test_going_back_brings_the_run_before() -> None:
    app, _ = opened(run="a")
    press(app, "b")
    app.run()  # the browser shows ?run=b now
    app.query_params["run"] = "a"
    assert app.run().markdown[0].value == "looks at a None"


@pytest.mark.parametrize("asked", [{}, {"lang": "en"}, {"lang": "zh"}])
def test_the_language_can_be_switched_there_and_back(asked: dict[str, str]) -> None:
    app, written = opened(**asked)
    for code in ("zh", "en", "zh"):
        app.segmented_control(key="unroll.language_switch").set_value(code).run()
        assert (written[-1]["lang"], app.session_state["unroll.language"]) == (code, code)
        app.run()
        assert app.session_state["unroll.language"] == code


def test_an_old_name_gives_way_to_the_settings_it_stood_for() -> None:
    _, written = opened(dropout="0.3", input_dropout="0.1")
    assert written[-1] == {"layer_dropout": "0.3", "output_dropout": "0.3"}


@pytest.mark.parametrize(("asked", "chosen", "language"), [
    ("nats", "nats", "en"), ("nats", "nats", "zh"), ("奈特", "bits", "zh"), (None, "bits", "en")])
def test_a_choice_stands_in_the_address_in_no_language(
        asked: str | None, chosen: str, language: str) -> None:
    def page(written: list[dict[str, str]]) -> None:
        import streamlit as st

        from rnnlm_ui import session

        with session.address():
            st.segmented_control("unit", ["bits", "nats"], format_func=lambda name: name + "!",
                                 key=session.choice("unit", ["bits", "nats"], "bits"))
        written.append({name: said for name, said in st.query_params.to_dict().items() if said})

    written: list[dict[str, str]] = []
    app = AppTest.from_function(page, args=(written,))
    app.query_params.update({"lang": language} | ({} if asked is None else {"unit": asked}))
    app.run()
    assert app.segmented_control(key="unit").value == chosen
    assert written[-1].get("unit") == (None if chosen == "bits" else chosen)
    app.segmented_control(key="unit").set_value("nats").run()
    assert written[-1]["unit"] == "nats"
    app.segmented_control(key="unit").set_value("bits").run()
    assert "unit" not in written[-1]


def test_what_is_no_run_changes_nothing() -> None:
    app, _ = opened(run="a")
    app.query_params["run"] = "../../etc"
    assert app.run().markdown[0].value == "looks at a None"


@pytest.mark.parametrize(("query", "kept", "code"), [
    ({"hidden": "64", "batch": "x"}, {"hidden": 64}, "config.not_a_number"),
    ({"cell": "gru", "windows": "random", "carry_length": "32"},
     {"cell": "gru", "windows": "random"}, "config.random_carries"),
    # right together and wrong one by one, beside one that is wrong by itself
    ({"max_seconds": "0", "max_steps": "50", "seed": "-1"}, {"max_seconds": 0.0, "max_steps": 50},
     "config.too_small"),
    ({"tie_weights": "true", "embedding": "64", "hidden": "64", "layers": "99", "dropout": "0.3"},
     {"tie_weights": True, "embedding": 64, "hidden": 64, "input_dropout": 0.3,
      "output_dropout": 0.3, "layer_dropout": 0.3}, "config.too_large"),
])
def test_a_link_with_a_wrong_setting_keeps_all_others(
        query: dict[str, str], kept: dict[str, object], code: str) -> None:
    def page(found: list[object]) -> None:
        from rnnlm_ui import session

        with session.address():
            found += [session.draft(), session.draft_error()]

    found: list[object] = []
    app = AppTest.from_function(page, args=(found,))
    app.query_params.update(query)
    app.run()
    assert found[0] == RunConfig.from_mapping(kept)
    assert found[1].code == code
