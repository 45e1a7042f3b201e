"""Pieces of a vocabulary as a page names them: seen, or told by their numbers."""

from __future__ import annotations

import pytest

from rnnlm_ui.tokens import listed


@pytest.mark.parametrize(("pieces", "shown"), [
    (["\n", " the", "\t"], "⏎ ·the ⇥"), (["é", "你好"], "é 你好"), (["\u200d"], "U+200D"),
    (["\u3000"], "U+3000"), (["\u200b\u200c"], "U+200B U+200C"),
    (["\U0001f468\u200d\U0001f469"], "\U0001f468◌\U0001f469"), (["a\u202e"], "a◌"),
    ([str(i) for i in range(21)], " ".join(map(str, range(20))) + " …")])
def test_nothing_is_invisible(pieces: list[str], shown: str) -> None:
    assert listed(pieces) == shown
