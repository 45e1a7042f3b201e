"""Built-in texts, cleaning, and the store of prepared texts."""

from __future__ import annotations

import hashlib
import platform
import re
from pathlib import Path

import pytest

from rnnlm_core.data.builtin import BUILTIN
from rnnlm_core.data.cleaning import Cleaning, clean, first_changes, replaced_characters
from rnnlm_core.data.corpus import (
    OWN,
    SHORTEST,
    Manifest,
    keep_cleaned,
    keep_own_text,
    keep_text,
    load_corpus,
    read_stored,
    stored_manifests,
    text_of,
)
from rnnlm_core.errors import CorpusError

TEXT = "the quick brown fox jumps over the lazy dog\n"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# -- built in -------------------------------------------------------------------------------------
def test_names_are_the_same_everywhere() -> None:
    text = BUILTIN["names"]()
    lines = text.splitlines()
    assert (len(text), len(lines), len(set(lines))) == (354_744, 12_886, 12_886)
    assert sha256(text) == "2d0fbeb144bfb1ea92b8dc1586bcd989d1e12a480394d3b50358350ab9226af0"
    assert {"LATIN SMALL LETTER A", "SNOWMAN"} <= set(lines)
    assert lines != sorted(lines)


def test_dialogue_follows_its_grammar() -> None:
    text = BUILTIN["dialogue2"]()
    spaced, joined = r"[a-z]+(?: [a-z]+){1,7}", r"[a-z]+(?:_[a-z]+){1,7}"
    spoken = re.compile(rf'{spaced} said "{joined}" and left\.')
    plain = re.compile(rf"{spaced}\.")
    lines = text.splitlines()
    quoted = [line for line in lines if spoken.fullmatch(line)]
    assert all(spoken.fullmatch(line) or plain.fullmatch(line) for line in lines)
    assert len(quoted) / len(lines) == pytest.approx(0.7, abs=3 * (0.7 * 0.3 / len(lines)) ** 0.5)
    assert 300_000 <= len(text) < 300_200
    assert sha256(text) == "fbfdc69099c1f745524af1e7a9295d0b56e642744802e5e5a317ecd888a0d77b"


def test_stories_have_a_small_vocabulary() -> None:
    english, chinese = BUILTIN["stories_en"](), BUILTIN["stories_zh"]()
    assert min(len(english.encode()), len(chinese.encode())) >= 30_000
    assert len(set(re.findall(r"[a-z']+", english.lower()))) <= 1_200
    assert len(set(chinese)) <= 500


@pytest.mark.parametrize("name", BUILTIN)
def test_built_in_texts_need_no_cleaning_but_are_counted_if_they_do(name: str) -> None:
    text = BUILTIN[name]()
    cleaned, counted = clean(text)
    assert (cleaned == text) == (counted == Cleaning())
    assert len(text) > 10_000


@pytest.mark.parametrize("name", ["manual", "source"])
def test_what_differs_by_python_shows_version_and_hash(tmp_path: Path, name: str) -> None:
    corpus = load_corpus(name, tmp_path, 20_000)
    assert corpus.manifest.sha256 == sha256(corpus.text)
    assert corpus.manifest.revision == platform.python_version()


# -- cleaning -------------------------------------------------------------------------------------
@pytest.mark.parametrize(("raw", "cleaned", "counted"), [
    ("\ufeffab", "ab", Cleaning(byte_order_marks=1)),
    ("\ufeff\ufeffab\ufeff", "ab\ufeff", Cleaning(byte_order_marks=2)),
    ("a\r\nb\rc\nd\r\r\n", "a\nb\nc\nd\n\n", Cleaning(line_ends=4)),
    ("a\x00b\x1b[0m\x9fc\x7f\td", "ab[0mc\td", Cleaning(control_characters=4)),
    ("a\ud83db\udc00", "ab", Cleaning(lone_surrogates=2)),
    ("cafe\u0301 e\u0301\u0323", "caf\u00e9 \u1eb9\u0301", Cleaning(composed=2)),
    ("\u212b", "\u00c5", Cleaning(composed=1)),  # as long as before
    ("\u0958x", "\u0915\u093cx", Cleaning(composed=1)),  # longer than before
    ("\u1112\u1161\u11ab\u1100\u1161", "\ud55c\uac00", Cleaning(composed=2)),
    ("full：width，\u2028 \x85 x", "full：width，\u2028 \x85 x", Cleaning()),
])
def test_cleaning_and_its_counts(raw: str, cleaned: str, counted: Cleaning) -> None:
    assert clean(raw) == (cleaned, counted)


@pytest.mark.parametrize(("raw", "request_", "cleaned", "counted"), [
    ("ﬁ①Ａ，。", "compatibility", "fi1A,。", Cleaning(compatibility=4)),
    ("ｶﾞ", "compatibility", "ガ", Cleaning(compatibility=2)),
    ("a  b\t\tc d \n\n\n \ne\n\nf ", "collapsed", "a b c d\n\ne\n\nf",
     Cleaning(collapsed=5)),
    ("\u3000\u3000段落", "collapsed", "\u3000\u3000段落", Cleaning()),
])
def test_what_is_done_on_request_only(
        raw: str, request_: str, cleaned: str, counted: Cleaning) -> None:
    assert clean(raw) == (raw, Cleaning())
    assert clean(raw, (request_,)) == (cleaned, counted)


def test_the_first_changes_are_shown_before_and_after() -> None:
    raw = "\ufeffone\r\ntwo\x00\ud800 cafe\u0301\n" + "x" * 60 + "\r\n" + "y\r\n" * 9
    shown = [(c.step, c.at, c.before, c.after) for c in first_changes(raw)]
    assert shown == [
        ("byte_order_marks", 0, "⟨FEFF⟩one⟨000D⟩\ntwo⟨0000⟩⟨D800⟩ cafe\u0301\nxxxxxxx",
         "one⟨000D⟩\ntwo⟨0000⟩⟨D800⟩ cafe\u0301\nxxxxxxx"),
        ("line_ends", 3, "one⟨000D⟩\ntwo⟨0000⟩⟨D800⟩ cafe\u0301\n" + "x" * 12,
         "one\ntwo⟨0000⟩⟨D800⟩ cafe\u0301\n" + "x" * 12),
        ("line_ends", 77, "x" * 24 + "⟨000D⟩\n" + "y⟨000D⟩\n" * 8, "x" * 24 + "\n" + "y\n" * 8),
        ("lone_surrogates", 8, "one\ntwo⟨0000⟩⟨D800⟩ cafe\u0301\n" + "x" * 17,
         "one\ntwo⟨0000⟩ cafe\u0301\n" + "x" * 17),
        ("control_characters", 7, "one\ntwo⟨0000⟩ cafe\u0301\n" + "x" * 17,
         "one\ntwo cafe\u0301\n" + "x" * 17),
        ("composed", 11, "one\ntwo cafe⟨0301⟩\n" + "x" * 23, "one\ntwo café\n" + "x" * 23)]
    assert first_changes("  a", ("collapsed",))[0].before == "··a"


def test_what_nfkc_would_replace_is_counted() -> None:
    assert list(replaced_characters("，你好，ﬁn。！").items()) == [
        (("，", ","), 2), (("ﬁ", "fi"), 1), (("！", "!"), 1)]


# -- the store ------------------------------------------------------------------------------------
def test_a_text_is_kept_by_its_hash_with_its_papers(tmp_path: Path) -> None:
    kept = keep_own_text(tmp_path, "\ufeff" + TEXT.replace("\n", "\r\n"), "fox.txt", 1_000)
    assert kept.text == TEXT
    assert kept.manifest == Manifest(
        OWN + sha256(TEXT), "fox.txt", len(TEXT), sha256(TEXT), 1_000,
        cleaning={**vars(Cleaning()), "byte_order_marks": 1, "line_ends": 1},
        changes=[{"step": "byte_order_marks", "at": 0, "before": "⟨FEFF⟩" + TEXT[:24],
                  "after": TEXT[:24]},
                 {"step": "line_ends", "at": 43, "before": TEXT[19:43] + "⟨000D⟩\n",
                  "after": TEXT[19:]}])
    assert (tmp_path / sha256(TEXT) / "text.txt").read_bytes() == TEXT.encode()
    assert load_corpus(kept.manifest.source, tmp_path, 1_000) == kept
    assert stored_manifests(tmp_path) == [kept.manifest]
    assert list(tmp_path.rglob("*.tmp")) == []


def test_a_title_cannot_turn_the_words_around_it_about(tmp_path: Path) -> None:
    farmer = "\U0001f468\u200d\U0001f33e"  # a mark of its own inside
    kept = keep_own_text(tmp_path, TEXT, f"\u202etxt.\u2066\u200fxof {farmer}", 1_000)
    assert kept.manifest.title == f"txt.xof {farmer}"


def test_a_longer_own_text_is_cut_and_is_then_a_text_of_its_own(tmp_path: Path) -> None:
    kept = keep_own_text(tmp_path, TEXT * 10, "fox", 10_000)
    cut = load_corpus(kept.manifest.source, tmp_path, 100)
    assert cut.text == (TEXT * 10)[:100]
    assert cut.manifest.source == OWN + sha256(cut.text)
    assert load_corpus(kept.manifest.source, tmp_path, 10_000).text == TEXT * 10


def test_a_text_cleaned_on_request_is_a_text_of_its_own(tmp_path: Path) -> None:
    kept = keep_own_text(tmp_path, "ﬁrst，\r\n" * 10, "mine", 1_000)
    again = keep_cleaned(tmp_path, kept, "compatibility", "mine (NFKC)")
    assert again.text == "first,\n" * 10
    assert (again.manifest.source, again.manifest.title) == (OWN + sha256(again.text),
                                                             "mine (NFKC)")
    assert again.manifest.cleaning == vars(Cleaning(line_ends=10, compatibility=20))
    assert {c["step"] for c in again.manifest.changes} == {"line_ends", "compatibility"}
    assert load_corpus(again.manifest.source, tmp_path, 1_000) == again
    assert load_corpus(kept.manifest.source, tmp_path, 1_000) == kept


def test_one_text_from_two_sources_keeps_both_papers(tmp_path: Path) -> None:
    keep_text(tmp_path, TEXT, "hf:a/b", "a/b", 1_000)
    keep_own_text(tmp_path, TEXT, "mine", 1_000)
    assert {m.source for m in stored_manifests(tmp_path)} == {"hf:a/b", OWN + sha256(TEXT)}


@pytest.mark.parametrize(("raw", "code"), [
    ("", "corpus.empty"), ("\ufeff \r\n\t\x00", "corpus.empty"), (" " * 100, "corpus.empty"),
    ("hello", "corpus.below_minimum"),
    ("ab" * (SHORTEST // 2 - 1) + "a", "corpus.below_minimum"),
    ("z" * 100, "corpus.one_symbol")])
def test_what_cannot_be_trained_on_is_refused(tmp_path: Path, raw: str, code: str) -> None:
    with pytest.raises(CorpusError) as error:
        keep_own_text(tmp_path, raw, "x", 1_000)
    assert error.value.code == code
    assert list(tmp_path.iterdir()) == []


def test_the_shortest_text_is_kept(tmp_path: Path) -> None:
    assert keep_own_text(tmp_path, "ab" * (SHORTEST // 2), "x", 1_000).manifest.characters == 32


def test_an_unknown_text_is_told_with_the_choices(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no text called nmaes\. Choose one of names, dial"):
        load_corpus("nmaes", tmp_path, 1_000)


@pytest.mark.parametrize("name", ["0" * 64, "../../etc", "a" * 300, "", "x\x00y", "é" * 64])
def test_what_is_not_in_the_store_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(CorpusError) as error:
        load_corpus(OWN + name, tmp_path, 1_000)
    assert error.value.code == "corpus.not_stored"


@pytest.mark.parametrize("damage", [b"", b"X", TEXT.encode()[:-1], TEXT.encode() + b" "])
def test_a_damaged_text_is_not_read(tmp_path: Path, damage: bytes) -> None:
    kept = keep_own_text(tmp_path, TEXT, "x", 1_000).manifest
    (tmp_path / kept.sha256 / "text.txt").write_bytes(damage)
    with pytest.raises(CorpusError) as error:
        read_stored(tmp_path, kept.sha256)
    assert error.value.code == "corpus.not_stored"


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"source": 1}', b"\xff\xfe"])
def test_damaged_papers_do_not_hide_the_other_texts(tmp_path: Path, damage: bytes) -> None:
    broken = keep_own_text(tmp_path, TEXT * 2, "broken", 1_000).manifest
    kept = keep_own_text(tmp_path, TEXT, "x", 1_000)
    papers, = (tmp_path / broken.sha256).glob("manifest-*.json")
    papers.write_bytes(damage)
    assert stored_manifests(tmp_path) == [kept.manifest]
    assert load_corpus(kept.manifest.source, tmp_path, 1_000) == kept
    with pytest.raises(CorpusError):
        read_stored(tmp_path, broken.sha256)


def test_a_built_in_text_that_is_damaged_in_the_store_is_made_again(tmp_path: Path) -> None:
    first = load_corpus("dialogue2", tmp_path, 5_000)
    (tmp_path / first.manifest.sha256 / "text.txt").write_bytes(b"!")
    assert text_of(first.manifest, tmp_path) == first.text
    assert load_corpus("dialogue2", tmp_path, 5_000).text == first.text


def test_a_text_of_another_python_is_not_taken_for_this_one(tmp_path: Path) -> None:
    other = Manifest("manual", "manual", 5_000, "0" * 64, 5_000, revision="3.2.0")
    with pytest.raises(CorpusError) as error:
        text_of(other, tmp_path)
    assert error.value.code == "corpus.changed"


def test_a_hub_text_in_the_store_needs_no_network(tmp_path: Path) -> None:
    kept = keep_text(tmp_path, TEXT, "hf:a/b", "a/b", 500, rows=1, revision="abc")
    assert load_corpus("hf:a/b", tmp_path, 500) == kept
