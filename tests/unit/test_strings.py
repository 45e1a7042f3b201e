"""Both languages say the same things, and say them in a way that markdown shows."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from rnnlm_core.errors import SENTENCES, Problem
from rnnlm_ui import i18n
from rnnlm_ui.i18n import Counted, strings, translate

ENGLISH, CHINESE = strings("en"), strings("zh")
ERRORS = {key.removeprefix("error."): text for key, text in CHINESE.items()
          if key.startswith("error.")}
BOTH = pytest.mark.parametrize("table", [ENGLISH, CHINESE], ids=["en", "zh"])
HAN = "[\u3400-\u9fff]"
# what is not prose: code, formulas, icons, the heads of directives and links, placeholders
MARKUP = re.compile(r"`[^`]*`|\$[^$]*\$|:material/\w+:|:\w+\[|\]\([^)]*\)|\{[^}]*\}")


def placeholders(text: str) -> set[str]:
    """Of `{n:{one}|{many}}` n and many: a language without plurals has no use for the other."""
    fields = [(name, inner or "") for _, name, inner, _ in Formatter().parse(text)
              if name is not None]
    return {name for name, _ in fields}.union(
        *(placeholders(inner.partition("|")[2]) for _, inner in fields))


def test_both_languages_have_the_same_keys() -> None:
    chinese, english = ({key for key in table if not key.startswith("error.")}
                        for table in (CHINESE, ENGLISH))
    assert chinese ^ english == set()


def test_both_languages_have_the_same_placeholders() -> None:
    different = [key for key in ENGLISH
                 if placeholders(ENGLISH[key]) != placeholders(CHINESE.get(key, ""))]
    assert different == []


def test_every_error_is_translated_with_its_placeholders() -> None:
    assert set(ERRORS) ^ set(SENTENCES) == set()
    of_pages = {key.removeprefix("error."): text for key, text in ENGLISH.items()
                if key.startswith("error.")}  # said otherwise than in a shell
    assert set(of_pages) <= set(SENTENCES)
    assert [code for code in of_pages
            if not placeholders(of_pages[code]) <= placeholders(SENTENCES[code])] == []
    said = SENTENCES | of_pages
    assert [code for code in said if placeholders(said[code]) != placeholders(ERRORS[code])] == []


def test_every_string_is_used() -> None:
    """By its whole key, or by one that `t` is given with parts filled in: `t(f"nav.{name}")`."""
    root, named, made = Path(__file__).resolve().parents[2], set(), list[re.Pattern[str]]()
    for file in (root / "app.py", *root.glob("pages/*.py"), *root.glob("rnnlm_ui/**/*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named.add(node.value)
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "t":
                made += [re.compile("".join(
                    re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+"
                    for part in text.values))
                    for text in ast.walk(node.args[0]) if isinstance(text, ast.JoinedStr)]
    assert [key for key in ENGLISH if key not in named and not key.startswith("error.")
            and not any(pattern.fullmatch(key) for pattern in made)] == []


@BOTH
def test_bold_ends_where_markdown_sees_it(table: dict[str, str]) -> None:
    """CommonMark: `**汉字。**后文` is literal, a closing mark after punctuation needs a gap."""
    broken = re.compile(r"[^\w\s*]\*\*\w")
    hits = [key for key, text in table.items() for part in [_closings(text)] if broken.search(part)]
    assert hits == []
    assert [key for key, text in table.items() if text.count("**") % 2] == []


def test_chinese_uses_full_width_punctuation() -> None:
    half = re.compile(rf"{HAN}\*{{0,2}} ?[,:;?!()]|[,:;?!()] ?\*{{0,2}}{HAN}|{HAN}\.(\s|$)")
    assert [key for key, text in CHINESE.items() if half.search(MARKUP.sub("x", text))] == []


@BOTH
def test_no_string_is_empty(table: dict[str, str]) -> None:
    assert [key for key, text in table.items() if not text.strip()] == []


def test_a_string_is_filled_in_and_a_missing_one_is_not_fatal() -> None:
    assert translate("zh", "units.minutes", n=3) == "3 分"
    assert translate("en", "no.such.key") == "no.such.key"


def _closings(text: str) -> str:
    """The text with its opening marks taken out, so that only closing `**` are left."""
    parts = text.split("**")
    return "".join(part + ("**" if i % 2 else "") for i, part in enumerate(parts[:-1])) + parts[-1]


@pytest.mark.parametrize(("value", "text"), [
    (86_400.0, "86,400"), (12_345, "12,345"), (0.5, "0.5"), (float("inf"), "inf"), ("a", "a")])
def test_numbers_in_sentences_are_written_as_everywhere(
        value: object, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "language", lambda: "en")
    problem = Problem("config.too_large", {"field": "x", "value": value, "limit": 1})
    assert f" {text}" in i18n.error_text(problem)


@pytest.mark.parametrize(("problem", "code", "text"), [
    (Problem("config.no_stop"), "en",
     "Set “Steps at most” or “Time” above 0, so that the run can end."),
    (Problem("config.not_whole", {"field": "hidden", "value": 1.5}), "en",
     "“Hidden size H” is 1.5, but must be a whole number."),
    (Problem("config.unknown_field", {"field": "dropuot"}), "en",
     "There is no setting called “dropuot”. Remove it from the settings."),
    (Problem("config.no_stop"), "zh", "请把“最多步数”或“时间”设为大于 0 的数，训练才会结束。")])
def test_a_page_calls_a_setting_by_its_label(
        problem: Problem, code: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "language", lambda: code)
    assert i18n.error_text(problem) == text


@pytest.mark.parametrize(("n", "text"), [("1", "1 run"), ("2", "2 runs"), ("1,001", "1,001 runs")])
def test_one_is_no_plural(n: str, text: str) -> None:
    assert f"{Counted(n):run|runs}" == text


@pytest.mark.parametrize(("n", "text"), [("1", "on 1 token"), ("2,048", "on 2,048 tokens")])
def test_what_is_counted_may_be_a_word_of_the_sentence(n: str, text: str) -> None:
    said = translate("en", "states_prove.loss", n=n, one="token", many="tokens", before="1.00",
                     after="1.20", more="+0.2")
    assert said.endswith(text)
