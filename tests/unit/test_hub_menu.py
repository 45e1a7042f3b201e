"""The curated menu: facts that are there or left open, in both languages, never a guess."""

from __future__ import annotations

import re

import pytest

from rnnlm_core.data.hub_menu import MenuEntry, hub_menu
from rnnlm_ui.i18n import strings

ENTRIES = pytest.mark.parametrize("entry", hub_menu(), ids=lambda e: f"{e.id} {e.config}".strip())


def test_it_offers_about_twenty_datasets_each_once() -> None:
    specs = [str(entry.spec) for entry in hub_menu()]
    assert 18 <= len(specs) <= 25 and len(set(specs)) == len(specs)
    assert {"en", "zh"} <= {entry.language for entry in hub_menu()}


@ENTRIES
def test_each_says_in_both_languages_what_it_teaches(entry: MenuEntry) -> None:
    assert entry.sentence("en").endswith((".", "?")) and not re.search("[\u4e00-\u9fff]", entry.en)
    assert entry.sentence("zh").endswith(("。", "？")) and not re.search("[,;:?!]", entry.zh)
    for language in ("en", "zh"):
        assert f"data.hub_language.{entry.language}" in strings(language)


@ENTRIES
def test_a_field_that_nobody_has_seen_is_a_field(entry: MenuEntry) -> None:
    assert set(entry.unsure) <= {"config", "split", "column", "licence", "language"}
    assert entry.marks in ("", "lines", "paragraphs")
    assert entry.size >= 0
