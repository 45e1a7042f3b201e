"""Work beside a page: wanted from its first moment, ended when nobody waits, its end told."""

from __future__ import annotations

import threading

import pytest

from rnnlm_ui.beside import Beside, Unwanted

WAITED = 30.0


def test_work_is_wanted_from_its_first_moment() -> None:
    for _ in range(200):  # the thread may run before the constructor returns
        work = Beside(lambda work: work.told(1))
        work.wait(WAITED)
        assert work.done and work.error is None and work.at == 1


def test_work_ends_when_nobody_waits() -> None:
    left = threading.Event()

    def until_left(work: Beside) -> None:
        work.step("looking", 10)
        assert left.wait(WAITED)
        work.told(5)

    work = Beside(until_left)
    work.waiting -= 1
    left.set()
    work.wait(WAITED)
    assert isinstance(work.error, Unwanted) and (work.name, work.whole) == ("looking", 10)


@pytest.mark.parametrize("error", [OSError("full"), ValueError("bad")])
def test_whatever_ends_it_is_kept(error: Exception) -> None:
    def fails(_: Beside) -> None:
        raise error

    work = Beside(fails)
    work.wait(WAITED)
    assert work.error is error
