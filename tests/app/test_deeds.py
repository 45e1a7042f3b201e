"""A press is carried out once, whatever interrupts the page meanwhile."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

DONE: list[int] = []
TAKEN: list[int] = []


def page(done: list[int], taken: list[int]) -> None:
    import streamlit as st

    from rnnlm_core.errors import BadInput
    from rnnlm_ui import deeds

    def do(value: int) -> int:
        done.append(value)
        if value < 0:
            raise BadInput("run.locked")
        return 2 * value

    def take_over(result: int) -> None:
        taken.append(result)
        if len(taken) == 1:
            st.rerun()  # a newer look at the page, in the worst moment

    for value in (3, -1):
        st.button(str(value), on_click=deeds.press, args=("deed", value))
    try:
        if deeds.carry_out("deed", do, take_over):
            st.write(f"done {taken}")
    except BadInput as error:
        st.error(str(error))


def pressed(name: str) -> AppTest:
    DONE.clear()
    TAKEN.clear()
    at = AppTest.from_function(page, args=(DONE, TAKEN)).run()
    next(button for button in at.button if button.label == name).click().run()
    return at


def test_what_was_done_is_not_done_again_when_its_result_was_lost() -> None:
    at = pressed("3")
    assert (DONE, TAKEN) == ([3], [6, 6])
    at.run()
    assert (DONE, TAKEN) == ([3], [6, 6])  # and is over


def test_what_goes_wrong_is_told_once() -> None:
    at = pressed("-1")
    assert len(at.error) == 1 and DONE == [-1]
    at.run()
    assert not at.error and DONE == [-1]


def test_a_second_press_while_the_first_is_being_done_changes_nothing() -> None:
    def twice(done: list[int]) -> None:
        from rnnlm_ui import deeds

        deeds.press("deed", 3)
        deeds.press("deed", 4)
        while deeds.carry_out("deed", done.append, lambda _: None):
            pass

    done: list[int] = []
    AppTest.from_function(twice, args=(done,)).run()
    assert done == [3]
