"""The Data page as a visitor finds it: built-in, hub and own texts, and what can be wrong."""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core.data.corpus import stored_manifests
from rnnlm_core.data.generated import GENERATED
from rnnlm_core.errors import CorpusError
from tests.app.inside_pages import LANGUAGES, go, opened, said

pytestmark = pytest.mark.usefixtures("own_runs_folder")


@pytest.mark.parametrize("language, first", [
    ("en", "**354,744 characters in 12,886 lines, 39 different ones.**"),
    ("zh", "**12,886 行，共 354,744 个字符，其中 39 种不同的字符**")])
def test_data_answers_with_sizes_and_entropy(language: str, first: str) -> None:
    app = opened("data", language=language)
    assert app.markdown[0].value.startswith(first) and "4.33" in app.markdown[0].value
    assert not app.error


def test_a_built_in_text_becomes_the_draft() -> None:
    app = opened("data")
    app.selectbox(key="form.corpus").select("stories_zh").run()
    assert "487 different ones" in said(app)
    assert app.query_params["corpus"] in ("stories_zh", ["stories_zh"])
    app.selectbox(key="form.corpus").select("manual").run()
    assert "differ from version to version" in said(app) and not app.exception


def test_a_text_with_a_number_has_a_slider_for_it() -> None:
    app = opened("data")
    app.selectbox(key="form.corpus").select("recall:20").run()
    assert "the best possible is 0.91" in said(app)  # (18 + 2) / 22 bits
    app.slider(key="data.parameter").set_value(50).run()
    assert app.query_params["corpus"] in ("recall:50", ["recall:50"])
    assert "Recall after 50 characters" in said(app) and "0.962 bits (0.666 nats)" in said(app)
    listed = app.selectbox(key="form.corpus").options
    assert sum(name.startswith("Recall after") for name in listed) == 1  # once, as it is now
    app.selectbox(key="form.corpus").select("zipf").run()
    assert not app.slider and "1,000 made-up words" in said(app) and not app.exception


@LANGUAGES
@pytest.mark.parametrize("source", GENERATED)
def test_every_generated_text_says_what_it_asks_for(source: str, language: str) -> None:
    app = opened("data", language=language, corpus=source)
    assert not app.error and "data." not in said(app) and "corpus." not in said(app)


def test_a_link_with_a_wrong_number_is_told_and_the_slider_mends_it() -> None:
    app = opened("data", corpus="recall:900")
    assert "from 2 to 200" in app.error[0].value and "**354,744 characters" in said(app)
    app.slider(key="data.parameter").set_value(30).run()
    assert not app.error and "Recall after 30 characters" in said(app)


def test_another_place_and_the_three_scales() -> None:
    app = opened("data")
    app.button(key="data.another").click().run()
    assert "**From character" in said(app)
    app.button(key="data.to_beginning").click().run()
    assert "**The beginning**" in said(app)
    for scale in ("log", "rank", "linear"):
        app.segmented_control(key="data.scale").set_value(scale).run()
        assert not app.exception


def test_pasted_text_is_used_and_kept(own_runs_folder: Path) -> None:
    app = opened("data")
    app.segmented_control(key="data.source").set_value("own").run()
    app.text_area(key="data.pasted").set_value("<b>$x$ **bold**\r\n" * 30).run()
    app.button(key="data.use_pasted").click().run()
    assert "**480 characters in 30 lines" in said(app) and not app.error
    assert "30 line ends made one character" in said(app)
    assert stored_manifests(own_runs_folder / "corpora")[0].source.startswith("text:")


@pytest.mark.parametrize("text, sentence", [
    ("", "The text is empty"), ("  \n ", "The text is empty"), ("short", "at least 32"),
    ("a" * 200, "one single character")])
def test_unusable_text_gets_one_sentence_and_changes_nothing(text: str, sentence: str) -> None:
    app = opened("data")
    app.segmented_control(key="data.source").set_value("own").run()
    app.text_area(key="data.pasted").set_value(text).run()
    app.button(key="data.use_pasted").click().run()
    assert len(app.error) == 1 and sentence in app.error[0].value
    assert "**354,744 characters" in said(app) and not app.exception
    assert app.text_area(key="data.pasted").value == text


def test_a_text_shorter_than_a_sequence_is_shown_and_said() -> None:
    app = opened("data", sequence_length="400")
    app.segmented_control(key="data.source").set_value("own").run()
    app.text_area(key="data.pasted").set_value("abcdefgh" * 30).run()
    app.button(key="data.use_pasted").click().run()
    assert "**240 characters" in said(app)
    assert "sequence" in app.error[0].value and not app.exception


@pytest.mark.parametrize("raw, sentence", [
    (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "binary data"),
    (b"ab\n" * 7_000_000, "larger than 20 MB")], ids=["binary", "large"])
def test_a_bad_upload_gets_one_sentence(raw: bytes, sentence: str) -> None:
    app = opened("data")
    app.segmented_control(key="data.source").set_value("own").run()
    app.file_uploader(key="data.upload").set_value(("file", raw, "text/plain")).run()
    assert len(app.error) == 1 and sentence in app.error[0].value.replace("\\", "")
    assert not app.exception


def test_an_upload_shows_its_encoding() -> None:
    app = opened("data")
    app.segmented_control(key="data.source").set_value("own").run()
    app.file_uploader(key="data.upload").set_value(
        ("café.txt", "un café à la crème\n".encode("latin-1") * 20, "text/plain")).run()
    assert "**380 characters in 20 lines" in said(app) and not app.error
    assert "Read as cp1252" in said(app)


@pytest.mark.parametrize("source, sentence", [
    ("text:" + "0" * 64, "these settings name is not on this machine"),
    ("nonsense", "Choose one from the list on the Data page"),
    ("hf:acme/stories:small:train:text", "has not been read on this machine")])
def test_a_text_that_is_not_to_be_had_leaves_the_page_standing(source: str, sentence: str) -> None:
    app = opened("data", corpus=source)
    assert sentence in app.error[0].value.replace("\\", "")
    assert "Shown in its place: Character names" in said(app)


@LANGUAGES
def test_a_link_with_a_text_that_is_none_names_no_inner_names(language: str) -> None:
    app = opened("data", language=language, corpus="nonsense")
    assert "nonsense" in app.error[0].value and "dialogue" not in app.error[0].value
    assert {"en": "list on the Data page", "zh": "列表中选择"}[language] in app.error[0].value


@LANGUAGES
def test_after_a_refused_upload_the_text_on_the_page_is_called_the_one_from_before(language: str
                                                                                   ) -> None:
    app = opened("home", language=language)
    app.session_state["unroll.told"] = {
        "data.fault": (CorpusError("corpus.binary", name="a.png"), False)}
    app = go(app, "data")
    stays = {"en": "The text from before stays: Character names.",
             "zh": "仍然使用原来的文本：字符名称。"}[language]
    assert stays in said(app) and len(app.error) == 1
    assert stays not in said(opened("data", language=language))  # of a tab without such a fault


def test_one_character_is_one_character() -> None:
    app = opened("data", corpus="stories_en", max_vocabulary="2")
    assert "V = 2: 1 character of the training part" in said(app)


def test_a_batch_that_was_shrunk_is_told() -> None:
    """The training part of 1,800 or so characters holds eighteen rows of a sequence and a target.
    """
    for batch, shrunk in (("64", True), ("18", False)):
        app = opened("data", corpus="stories_zh", max_characters="2000", batch=batch,
                     sequence_length="100")
        app.toggle(key="data.streams").set_value(True).run()
        told = "The settings ask for 64 rows; the training part is long enough for 18 rows"
        assert (told in said(app)) == shrunk and "of 18 rows at once" in said(app)


# -- files -----------------------------------------------------------------------------------------
CHINESE = "从前有一个小村庄，村子里住着一位老人和他的孙子。\n" * 20


def uploading(name: str, raw: bytes, language: str = "en") -> AppTest:
    app = opened("data", language=language)
    app.segmented_control(key="data.source").set_value("own").run()
    app.file_uploader(key="data.upload").set_value((name, raw, "")).run()
    assert not app.exception
    return app


def repaired(app: AppTest, label: str) -> AppTest:
    next(b for b in app.button if b.label == label).click().run()
    assert not app.exception and not app.error
    return app


def test_a_packed_table_is_read_by_the_column_that_is_chosen() -> None:
    lines = [json.dumps({"title": f"T{i}", "text": f"line {i % 10}\n"}) for i in range(40)]
    app = uploading("poems.jsonl.gz", gzip.compress("\n".join([*lines, '{"n": 1}']).encode()))
    assert "**280 characters in 40 lines" in said(app) and not app.error
    assert "41 rows read, of these 1 without a value, 0 blank." in said(app)
    assert "30 rows repeat an earlier one and stay." in said(app)
    app.selectbox(key="data.column").select("title").run()
    assert "T38\nT39" not in said(app) and "Column title: 41 rows" in said(app)
    app.selectbox(key="data.column").select("text").run()
    app.toggle(key="data.once").set_value(True).run()
    assert "**70 characters in 10 lines" in said(app) and "and stay" not in said(app)
    assert "30 copies of earlier rows left out before dividing" in said(app)


def test_a_file_of_an_archive_is_chosen_and_all_is_still_there_after_another_page() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("a.txt", "first text\n" * 10)
        packed.writestr("b.txt", "the second\n" * 20)
        packed.writestr("c.png", b"\x89PNG\0")
    app = uploading("both.zip", archive.getvalue())
    assert "**331 characters in 31 lines" in said(app) and "1 file that is no text was" in said(app)
    app.selectbox(key="data.file").select("b.txt").run()
    assert "**220 characters in 20 lines" in said(app)
    go(go(app, "build"), "data")
    assert app.selectbox(key="data.file").value == "b.txt"
    assert "**220 characters in 20 lines" in said(app)


@pytest.mark.parametrize(("name", "raw", "sentence", "label", "after"), [
    ("damaged.txt", CHINESE.encode()[:99] + CHINESE.encode()[100:], "byte 98 does not fit",
     "Read it as UTF-8, bad bytes as �", "Read as UTF"),
    ("wide.txt", ("abc def\n" * 20).encode("utf-16-le"), "binary data", "Read it as utf-16-le",
     "**160 characters in 20 lines"),
    ("t.csv", b"id,text\n" + b"1,one fish, two\n" * 10, "Row 1 of t.csv has 3 fields",
     "Read it as plain text", "**168 characters in 11 lines"),
])
def test_a_refused_file_keeps_the_text_and_is_mended_by_one_press(
        name: str, raw: bytes, sentence: str, label: str, after: str) -> None:
    app = uploading(name, raw)
    assert sentence in app.error[0].value.replace("\\", "")
    assert "**354,744 characters" in said(app)
    assert after in said(repaired(app, label))


def test_an_empty_column_is_mended_by_another() -> None:
    app = uploading("t.jsonl", b'{"text": "", "story": "once upon a time there was"}\n' * 4)
    assert "column text of t.jsonl holds no text" in app.error[0].value.replace("\\", "")
    assert "**107 characters in 4 lines" in said(repaired(app, "Use the column story"))


def test_an_encoding_that_is_a_guess_says_so_and_every_other_can_be_chosen() -> None:
    app = uploading("kurz.txt", ("こんにちは、世界。" * 3).encode("shift_jis"))
    assert "shift\\_jis is a guess" in said(app)
    russian = "Большая белая птица села у Белых ворот."
    app = uploading("dos.txt", russian.encode("cp866"))
    assert "byte 1 does not fit" in app.error[0].value  # cp1252 has no letter there
    app.selectbox(key="data.encoding").select("cp866").run()
    assert russian in [code.value for code in app.code] and "is a guess" not in said(app)
    assert not app.error


def test_a_higher_limit_brings_back_what_was_cut_off() -> None:
    app = opened("data", max_characters="1000")
    app.segmented_control(key="data.source").set_value("own").run()
    app.file_uploader(key="data.upload").set_value(("a.txt", b"abcdefghi\n" * 300, "")).run()
    assert "**1,000 characters in 100 lines" in said(app)
    assert "Cut off after 1,000 characters, the limit in the text settings here." in said(app)
    app.number_input(key="form.max_characters").set_value(2_500).run()
    assert "**2,500 characters in 250 lines" in said(app) and "no longer here" not in said(app)
    app.number_input(key="form.max_characters").set_value(5_000).run()
    assert "**3,000 characters in 300 lines" in said(app) and "Cut off" not in said(app)
    assert not app.error and not app.exception


def test_a_cut_text_whose_file_is_gone_says_so() -> None:
    app = opened("data", max_characters="1000")
    app.segmented_control(key="data.source").set_value("own").run()
    app.text_area(key="data.pasted").set_value("abcdefghi\n" * 300)
    app.button(key="data.use_pasted").click().run()
    gone = "no longer here: upload or paste it again"
    assert gone not in said(app)
    app.number_input(key="form.max_characters").set_value(5_000).run()
    assert gone in said(app)


def test_an_encoding_that_does_not_fit_leaves_what_was_read() -> None:
    app = uploading("dorf.txt", CHINESE.encode("gb18030"))
    assert "Read as gb18030" in said(app)
    app.selectbox(key="data.encoding").select("utf-8").run()
    assert "byte 1 does not fit" in app.error[0].value and "**500 characters" in said(app)
    repaired(app, "Read it as gb18030")
    assert app.selectbox(key="data.encoding").value == ""


def test_a_sequence_that_is_too_long_is_shortened_by_one_press() -> None:
    app = opened("data", sequence_length="400", corpus="stories_zh", max_characters="300")
    assert "one sequence needs 401" in app.error[0].value
    tokens = int(re.findall(r"has (\d+) tokens", app.error[0].value)[0])
    repaired(app, f"Shorten the sequence to {tokens // 4 - 1}")  # four of them and their targets
    assert app.query_params["sequence_length"] in (str(tokens // 4 - 1), [str(tokens // 4 - 1)])


def test_a_count_that_no_word_reaches_is_lowered_by_one_press() -> None:
    app = opened("data", tokenizer="words", min_frequency="100", corpus="stories_en",
                 max_characters="400")
    assert "occurs 100 times" in app.error[0].value
    assert "no longer" not in said(repaired(app, next(
        b.label for b in app.button if b.label.startswith("Set the least frequency"))))


def with_panel(app: AppTest) -> AppTest:
    """With the steps of cleaning open, as after a press on their line."""
    app.session_state["data.cleaning"] = True
    return app.run()


def test_cleaning_is_shown_step_by_step_and_more_of_it_on_request() -> None:
    app = with_panel(uploading("poem.txt", ("Ａ  verse，\r\n" * 20).encode("utf-8-sig")))
    assert "**Line ends made one character: 20**" in said(app)
    assert "**Byte order mark dropped: 1**" in said(app)
    before, after = [code.value for code in app.code if code.value.startswith("Ａ")][-2:]
    assert before.startswith("Ａ  verse，⟨000D⟩\nＡ") and after.startswith("Ａ  verse，\nＡ")
    assert "“，” → “\\,” (20)" in said(app) and "20 of them are full-width" in said(app)
    app.button(key="data.request.collapsed").click().run()
    assert "**180 characters in 20 lines" in said(with_panel(app))
    assert any(code.value.startswith("Ａ··verse") for code in app.code)
    app.button(key="data.request.compatibility").click().run()
    assert "white space collapsed · NFKC" in said(with_panel(app)) and not app.error
    assert "**Look-alikes replaced (NFKC): 40**" in said(app)
    assert not any(str(button.key).startswith("data.request") for button in app.button)
