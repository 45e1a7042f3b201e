"""Text files: every encoding that people have, and what is not text."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import random
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rnnlm_core.data.files import DecodedText, decode_bytes, read_text_file
from rnnlm_core.errors import CorpusError

ENGLISH = "It’s a “smart quote” test — nothing more. The café’s menu wasn’t cheap, though. "
FRENCH = ("L'été dernier, nous avons dîné à côté de l'école où j'étais élève ; c'était déjà très "
          "agréable, même en août. « Voilà », dit-elle, « où est passée la forêt ? » ")
GERMAN = "Die Bäume wüchsen schöner, wenn es öfter regnete; man müßte größere Äpfel ernten. "
SPANISH = "El niño soñó con una montaña mágica. ¿Cuándo volverá la señora? ¡Qué lástima! Mañana. "
RUSSIAN = ("Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива "
           "по-своему. Все смешалось в доме Облонских. ")
GREEK = ("Η γρήγορη καφέ αλεπού πηδάει πάνω από το τεμπέλικο σκυλί. Σήμερα ο καιρός είναι πολύ "
         "καλός και πάμε στη θάλασσα. ")
KOREAN = ("모든 국민은 법 앞에 평등하다. 누구든지 성별 종교 또는 사회적 "
          "신분에 의하여 차별을 받지 아니한다. ")
JAPANESE = ("吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"
            "何でも薄暗いじめじめした所で。")
CHINESE = ("从前有一个小村庄，村子里住着一位老人和他的孙子。他们每天早晨都到河边去打水，"
           "然后回家做饭。有一天，他们在河边看见了一只受伤的小鸟。")
POEM = "空山不見人，但聞人語響。返景入深林，復照青苔上。"
LONG = 30  # times: beyond the thousand bytes that the detector needs


def code(call: Callable[[], Any]) -> tuple[str, dict[str, object]]:
    with pytest.raises(CorpusError) as caught:
        call()
    return caught.value.code, caught.value.values


# -- text ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("text", [ENGLISH, CHINESE, "a", "a\r\nb\n"])
def test_a_mark_is_believed_and_dropped(text: str, encoding: str) -> None:
    assert decode_bytes(text.encode(encoding), "x.txt").text == text


def test_utf_16_by_its_mark_in_both_orders() -> None:
    assert decode_bytes(b"\xff\xfea\0", "x") == DecodedText("a", "utf-16-le")
    assert decode_bytes(b"\xfe\xff\0a", "x") == DecodedText("a", "utf-16-be")


@pytest.mark.parametrize("text", ["", "plain", ENGLISH, RUSSIAN, KOREAN, JAPANESE, CHINESE,
                                  "👩‍👩‍👧‍👦 e\u0301", "tab\tform\ffeed \x1b[31mred\x1b[0m\r\n"])
def test_utf_8_is_read_as_it_is(text: str) -> None:
    assert decode_bytes(text.encode(), "x") == DecodedText(text, "utf-8")


@pytest.mark.parametrize("text", [
    CHINESE, POEM, "你好，世界。", "Python 是一种语言，也是一条蛇。" * 50])
def test_chinese_of_any_length(text: str) -> None:
    assert decode_bytes(text.encode("gb18030"), "x") == DecodedText(text, "gb18030")


@pytest.mark.parametrize("text", [FRENCH, GERMAN, SPANISH, ENGLISH, "café ’s"])
def test_short_western_text_is_windows_1252(text: str) -> None:
    assert decode_bytes(text.encode("cp1252"), "x") == DecodedText(text, "cp1252")


@pytest.mark.parametrize(("text", "encoding"), [
    (FRENCH, "cp1252"), (FRENCH, "latin-1"), (GERMAN, "cp1252"), (SPANISH, "cp1252"),
    (ENGLISH, "cp1252"), (RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"), (GREEK, "cp1253"),
    (KOREAN, "euc-kr"), (JAPANESE, "shift-jis"), (JAPANESE, "euc-jp"), (CHINESE, "gb18030"),
    (POEM, "big5"),
])
def test_longer_text_of_many_kinds(text: str, encoding: str) -> None:
    """Names differ (cp949 for euc-kr, cp1252 for latin-1); every character must be right.

    The detector can be wrong (for Polish in iso8859-2, or a short Greek phrase repeated): that is
    why the encoding is shown and can be chosen.
    """
    assert decode_bytes((text * LONG).encode(encoding), "x").text == text * LONG


def test_a_person_may_know_better() -> None:
    raw = RUSSIAN.encode("koi8-r")
    assert decode_bytes(raw, "x", "koi8-r") == DecodedText(RUSSIAN, "koi8-r")
    assert decode_bytes(ENGLISH.encode("utf-16-le"), "x", "utf-16-le").text == ENGLISH
    assert decode_bytes(ENGLISH.encode("utf-8-sig"), "x", "utf-8").text == ENGLISH


@pytest.mark.parametrize("encoding", ["no-such-encoding", "zlib", "x" * 40])
def test_a_choice_that_is_no_encoding_is_told(encoding: str) -> None:
    assert code(lambda: decode_bytes(FRENCH.encode("cp1252"), "my.txt", encoding)) == (
        "corpus.encoding", {"name": "my.txt", "encoding": encoding})


@pytest.mark.parametrize("encoding", ["ascii", "utf-8", "idna"])
def test_a_wrong_choice_is_told_with_the_first_byte_that_does_not_fit(encoding: str) -> None:
    assert FRENCH.startswith("L'été")
    assert code(lambda: decode_bytes(FRENCH.encode("cp1252"), "my.txt", encoding)) == (
        "corpus.encoding_at", {"name": "my.txt", "encoding": encoding, "byte": 3})


def test_utf_8_with_a_few_bad_bytes_is_not_read_as_something_else() -> None:
    raw = (CHINESE * 10).encode()  # three bytes a character: the 499th begins one
    assert code(lambda: decode_bytes(raw[:500] + raw[501:], "x")) == (
        "corpus.encoding_at", {"name": "x", "encoding": "utf-8", "byte": 499})


def test_utf_16_that_ends_in_the_middle_is_told() -> None:
    assert code(lambda: decode_bytes(b"\xff\xfea\0b", "x"))[0] == "corpus.encoding_at"


# -- what is not text ------------------------------------------------------------------------------
def zipped(text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.txt", text)
    return file.getvalue()


@pytest.mark.parametrize("raw", [
    b"\x89PNG\r\n\x1a\n text", b"%PDF-1.7\n%text", b"{\\rtf1 text}", b"\xff\xd8\xff\xe0 text",
    b"RIFF\x24\0\0\0WAVE", zipped(ENGLISH), gzip.compress(ENGLISH.encode()),
    bz2.compress(ENGLISH.encode()), lzma.compress(ENGLISH.encode()),
    pickle.dumps([ENGLISH]), b"text with a \0 in it", ENGLISH.encode("utf-16-le"),
    bytes(range(1, 256)), zlib.compress(random.Random(1).randbytes(9000)),
], ids=range(14))
def test_what_is_not_text_is_refused(raw: bytes) -> None:
    assert code(lambda: decode_bytes(raw, "holiday.txt")) == (
        "corpus.binary", {"name": "holiday.txt"})


def test_a_chosen_encoding_does_not_make_text_of_it() -> None:
    noise = random.Random(2).randbytes(9000)
    assert code(lambda: decode_bytes(noise, "x", "latin-1"))[0] == "corpus.binary"
    assert code(lambda: decode_bytes(zipped("a"), "x", "latin-1"))[0] == "corpus.binary"


# -- files -----------------------------------------------------------------------------------------
def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\xef\xbb\xbf# A\r\n")
    assert read_text_file(tmp_path / "a.md") == DecodedText("# A\r\n", "utf-8")


def test_an_empty_file_is_an_empty_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    assert read_text_file(tmp_path / "a.txt") == DecodedText("", "utf-8")


def test_the_limit_itself_fits(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"a" * 1000)
    assert len(read_text_file(tmp_path / "a.txt", max_bytes=1000).text) == 1000
    assert code(lambda: read_text_file(tmp_path / "a.txt", max_bytes=999)) == (
        "corpus.too_large", {"name": "a.txt", "limit": 0.000999})


def test_the_usual_limit_is_a_whole_number(tmp_path: Path) -> None:
    with open(tmp_path / "a.txt", "wb") as file:
        file.truncate(20_000_001)
    assert code(lambda: read_text_file(tmp_path / "a.txt")) == (
        "corpus.too_large", {"name": "a.txt", "limit": 20})


def test_what_is_no_file_is_told_by_its_name_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "none.txt", tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        assert code(lambda path=path: read_text_file(path)) == (
            "corpus.no_file", {"name": path.name})
