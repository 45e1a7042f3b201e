"""What the reader is told once stays until they do something, however often the page is drawn."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core.errors import CorpusError
from rnnlm_ui import data_xz
from tests.app.inside_pages import go, opened


def page() -> None:
    """The page is drawn anew of its own accord once after each press of "poll"."""
    import streamlit as st

    from rnnlm_ui import session

    def refuse() -> None:
        session.tell("fault", "no such text")
        session.remember("polls", 1)

    with session.address():
        st.button("refuse", on_click=refuse)
        st.button("something else")
        st.write(session.told("fault") or "all is well")
        if polls := session.recall("polls", 0):
            session.remember("polls", polls - 1)
            session.page_again()


def press(app: AppTest, name: str) -> str:
    next(button for button in app.button if button.label == name).click().run()
    return app.markdown[0].value


def test_it_stays_where_the_page_is_drawn_anew_of_its_own_accord() -> None:
    app = AppTest.from_function(page).run()
    assert press(app, "refuse") == "no such text"
    assert app.session_state["keep.polls"] == 0  # it was drawn twice


def test_it_goes_with_the_readers_next_act() -> None:
    app = AppTest.from_function(page).run()
    assert press(app, "refuse") == "no such text"
    assert press(app, "something else") == "all is well"


def test_it_waits_until_it_is_said() -> None:
    def silent() -> None:
        import streamlit as st

        from rnnlm_ui import session

        with session.address():
            st.button("refuse", on_click=lambda: session.tell("fault", "no such text"))
            if st.toggle("listen"):
                st.write(session.told("fault") or "all is well")

    app = AppTest.from_function(silent).run()
    app.button[0].click().run()
    assert app.toggle[0].set_value(True).run().markdown[0].value == "no such text"


class JustDone:
    """Work beside the page that ends right after the page has seen that it goes on."""

    looks = 0

    @property
    def done(self) -> bool:
        self.looks += 1
        return self.looks > 1


@pytest.mark.usefixtures("own_runs_folder")
def test_what_is_wrong_with_a_link_outlives_the_work_beside_the_page(
        monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence went when xz was done, half a second later: all below it moved up, and what was
    being typed there was lost."""
    work = JustDone()
    monkeypatch.setattr(data_xz, "beside", lambda *_: work)
    app = opened("home", corpus="dialogue2")
    app.session_state["unroll.told"] = {
        "unroll.draft_error": (CorpusError("corpus.binary", name="hiden.png"), False)}
    go(app, "data")
    assert work.looks > 2  # the page was drawn again
    assert len(app.error) == 1 and "hiden" in app.error[0].value
