"""No sentence is written in a page, a view or a figure: every word goes through `t()`.

By syntax tree: in calls on `st`, of the components and of the page's helpers, no string constant
with a letter may stand as an argument, except as key, icon, size or other machine word.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = [*sorted((ROOT / "pages").glob("*.py")), *sorted((ROOT / "rnnlm_ui").rglob("*.py")),
         ROOT / "app.py"]
SHOWN = {"live_plot", "coloured_text", "head", "how_to_read", "primary_label", "next_link",
         "button", "markdown", "title", "header", "subheader", "caption", "text", "write", "metric",
         "error", "warning", "info", "success", "selectbox", "segmented_control", "select_slider",
         "slider", "number_input", "text_input", "text_area", "file_uploader", "radio", "checkbox",
         "toggle", "expander", "popover", "tabs", "progress", "spinner", "chat_input",
         "download_button", "page_link", "pills", "latex", "code", "dataframe", "table"}
MACHINE = {"key", "icon", "icon_position", "type", "width", "height", "gap", "size", "bind", "on",
           "on_change", "on_click", "args", "label_visibility", "vertical_alignment",
           "horizontal_alignment",
           "format", "mime", "file_type", "language", "selection_mode", "row_height", "rev",
           "persist_state", "border", "query_params", "column_order", "anchor", "submit_mode",
           "accept_file"}
# first arguments that are names of files or icons, not words
NAMED = {"next_link": {0}, "primary_label": {1}, "page_link": {0}, "latex": {0},
         "download_button": {2, 3}}
WORD = re.compile(r"[A-Za-z一-鿿]{2,}")
MARKUP = re.compile(r":material/[a-z_0-9]*:?|:(small|gray|violet|red|green|orange|blue)\[")


def words_in(node: ast.AST) -> list[str]:
    """String constants with a word in them, those inside a call of `t` (or any other) left out."""
    if isinstance(node, ast.Call):
        return []
    if isinstance(node, ast.Constant):
        text = MARKUP.sub("", node.value) if isinstance(node.value, str) else ""
        return [node.value] if WORD.search(text) else []
    if isinstance(node, (ast.Lambda, ast.Compare, ast.Subscript)):
        return []
    if isinstance(node, ast.IfExp):
        return [*words_in(node.body), *words_in(node.orelse)]
    return [found for child in ast.iter_child_nodes(node) for found in words_in(child)]


def shown_words(source: str) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(
            node.func, "id", "")
        if name not in SHOWN:
            continue
        arguments = [(a, "") for i, a in enumerate(node.args) if i not in NAMED.get(name, set())]
        arguments += [(k.value, k.arg or "") for k in node.keywords if k.arg not in MACHINE]
        found += [(node.lineno, word) for argument, _ in arguments for word in words_in(argument)]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_word_comes_from_the_strings(path):
    assert shown_words(path.read_text(encoding="utf-8")) == []


def test_a_literal_sentence_would_be_found():
    assert shown_words('st.button("Start now", key="start")') == [(1, "Start now")]
    assert shown_words('st.markdown(f"**{n} steps**")') == [(1, " steps**")]
    assert shown_words('st.markdown(":gray[" + t("a.b") + "]")') == []


FIGURES = sorted((ROOT / "rnnlm_core" / "figures").glob("*.py"))
TAG = re.compile(r"</?(b|br|sup|span)\b[^>]*>?")
TEXTUAL = {"text", "name", "title", "hovertext", "ticktext"}


@pytest.mark.parametrize("path", FIGURES, ids=lambda p: p.name)
def test_figures_bring_no_words_of_their_own(path):
    """Titles, names and texts of a figure are arguments."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        pairs: list[tuple[str, ast.AST]] = []
        if isinstance(node, ast.Call):
            pairs = [(k.arg or "", k.value) for k in node.keywords]
        elif isinstance(node, ast.Dict):
            pairs = [(k.value, v) for k, v in zip(node.keys, node.values, strict=True)
                     if isinstance(k, ast.Constant)]
        found += [(node.lineno, word) for key, value in pairs if key in TEXTUAL
                  and not isinstance(value, ast.Dict) for word in words_in(value)
                  if WORD.search(TAG.sub("", word))]
    assert found == []
