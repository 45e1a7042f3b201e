"""Long work on the Data page: shown as what it is, ended when nobody waits, told when it fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rnnlm_core.config import RunConfig
from rnnlm_core.data import tokenizer as tokenizers
from rnnlm_core.data.builtin import BUILTIN
from rnnlm_core.data.compression import xz_bits
from rnnlm_core.data.parts import divide
from rnnlm_ui import data_count
from rnnlm_ui.beside import Beside, Unwanted
from tests.app.inside_pages import LANGUAGES, opened, said

pytestmark = pytest.mark.usefixtures("own_runs_folder")
WAITED = 30.0  # seconds, for what takes far less


class Gate:
    """Holds a fit after its first line, until it is opened or ended by its progress."""

    def __init__(self, fit: Callable[..., Any]) -> None:
        self.open, self.reached, self.ended = (threading.Event() for _ in range(3))
        self._fit = fit

    def __call__(self, kind: str, text: str, most: int, least: int, marks: str, progress: Any
                 ) -> Any:
        if progress is None or kind != "words":
            return self._fit(kind, text, most, least, marks, progress)
        progress(len(text) // 2)
        self.reached.set()
        while not self.open.wait(0.01):
            try:
                progress(len(text) // 2)
            except Unwanted:
                self.ended.set()
                raise
        return self._fit(kind, text, most, least, marks, progress)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate(tokenizers.fit)
    monkeypatch.setattr("rnnlm_ui.data_text.tokenizers.fit", made)
    monkeypatch.setattr(data_count, "LONG", 1_000)
    yield made
    made.open.set()


def finished(work: Beside) -> None:
    work.wait(WAITED)
    assert work.done


@LANGUAGES
def test_a_long_text_is_counted_beside_the_page(gate: Gate, language: str) -> None:
    # settings of its own, so that nothing is remembered from another test
    asked = {"language": language, "corpus": "stories_zh", "tokenizer": "words",
             "min_frequency": str(3 + (language == "zh"))}
    first = opened("data", **asked)
    assert gate.reached.wait(WAITED)
    app = opened("data", **asked)  # another tab waits for the same work
    begun = [tab.session_state["keep.data.count"][1] for tab in (first, app)]
    assert begun[0] is begun[1] and begun[0].waiting == 2
    counting, step, left = {
        "en": ("they are being counted", "Step 2 of 3: learning the tokens", "about"),
        "zh": ("正在统计", "第 2 步，共 3 步：从训练部分学习词元", "大约还需")}[language]
    assert counting in said(app) and not app.error
    assert step in progress(app) and left in progress(app)
    assert app.get("selectbox")  # what can be changed meanwhile
    gate.open.set()
    finished(begun[0])
    app = opened("data", **asked)
    assert counting not in said(app) and "V = " in said(app) and not app.error


def progress(app: Any) -> str:
    return "".join(bar.text for bar in app.get("progress"))


def test_what_nobody_wants_any_more_ends(gate: Gate) -> None:
    app = opened("data", corpus="stories_zh", tokenizer="words", min_frequency="6")
    assert gate.reached.wait(WAITED)
    app.selectbox(key="form.tokenizer").select("characters").run()
    assert gate.ended.wait(WAITED)
    finished(app.session_state["keep.data.count"][1])
    app.run()
    assert "V = " in said(app) and not app.error and not app.exception


def test_what_ends_a_count_is_told(gate: Gate) -> None:
    gate.open.set()
    app = opened("data", corpus="stories_zh", tokenizer="words", min_frequency="1000",
                 max_characters="2000")
    finished(app.session_state["keep.data.count"][1])
    app.run()
    assert "occurs 1,000 times" in app.error[0].value.replace("\\", "")
    assert app.button(key="data.repair.corpus.nothing_frequent.0")


@LANGUAGES
def test_xz_is_among_the_facts(language: str) -> None:
    app = opened("data", language=language, corpus="stories_zh", max_characters="9000")
    finished(app.session_state["keep.data.xz"][1])
    app = opened("data", language=language, corpus="stories_zh", max_characters="9000")
    parts = divide(BUILTIN["stories_zh"]()[:9_000], RunConfig())
    bits = f"{xz_bits(parts.training, parts.validation):.2f}"
    fact = next(m for m in app.markdown if "xz" in m.value)
    assert bits in fact.value and ("压缩" if language == "zh" else "packs any file") in fact.help


def test_without_held_out_text_there_is_no_xz() -> None:
    app = opened("data", corpus="stories_zh", max_characters="9000", validation_share="0")
    assert "xz" not in said(app) and not app.error
