"""Start and end marks: documents by hand, what no text can call up, a small run that uses them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlm_core import train
from rnnlm_core.config import RunConfig
from rnnlm_core.data.builtin import BUILTIN
from rnnlm_core.data.corpus import keep_own_text
from rnnlm_core.data.marks import END, START
from rnnlm_core.data.parts import divide
from rnnlm_core.data.tokenizer import (
    KINDS,
    UNKNOWN,
    CharTokenizer,
    MarkedTokenizer,
    WordTokenizer,
    fit,
    from_json,
)
from rnnlm_core.data.vector_table import VectorTable, coverage
from rnnlm_core.errors import ConfigError, RunError
from rnnlm_core.generate import SamplingSettings, generate, written
from rnnlm_core.lab import Run
from rnnlm_core.nets.build import build
from rnnlm_core.prepared import prepare
from rnnlm_core.yardsticks import all_yardsticks
from tests.small_runs import SMALL, new_run

NAMES = ["anna", "bob", "eve", "hannah", "otto", "ava", "elle", "ada"]
MARKS = st.sampled_from(["lines", "paragraphs"])
PATIENT = settings(deadline=None)  # the first example loads a library or a dictionary
TEXTS = st.lists(
    st.sampled_from(["\n", "\n\n", "a", "b c", START, END, "⟨", "\r", " \n", "你好", "e\u0301"])
    | st.characters(exclude_categories=["Cs"])).map("".join).filter(lambda t: UNKNOWN not in t)


def named(text: str, marks: str, kind: str = "characters") -> list[str]:
    """The tokens of a text by their pieces; a space between them would be one of them."""
    tokenizer = fit(kind, text, marks=marks)
    return [tokenizer.pieces[i] for i in tokenizer.encode(text)]


# -- text to ids -------------------------------------------------------------------------------
@pytest.mark.parametrize(("text", "tokens"), [
    ("ab\nc\n", [START, "a", "b", END, START, "c", END]),
    ("ab\nc", [START, "a", "b", END, START, "c"]),  # broken off: no end
    ("\na\n\n", [START, END, START, "a", END, START, END])])  # a blank line holds nothing
def test_a_line_stands_between_marks(text: str, tokens: list[str]) -> None:
    assert named(text, "lines") == tokens


@pytest.mark.parametrize(("text", "tokens"), [
    ("a\nb\n\nc\n\n", [START, "a", "\n", "b", END, START, "c", END]),
    ("a\nb\n", [START, "a", "\n", "b", "\n"]),
    ("a\n\n\nb", [START, "a", "\n", END, START, "b"]),  # further line ends belong to the one before
    ("\n\na\n\n\n\n", [START, END, START, "a", "\n", "\n", END])])
def test_a_paragraph_stands_between_marks(text: str, tokens: list[str]) -> None:
    assert named(text, "paragraphs") == tokens


def test_the_marks_have_the_last_two_ids() -> None:
    characters = fit("characters", "ba\nab\n", marks="lines")
    assert characters.pieces == (UNKNOWN, "a", "b", START, END)  # and no line end: it never comes
    assert (characters.start_id, characters.end_id, characters.first_known) == (3, 4, 3)
    words = fit("words", "the the the cat\n", max_vocabulary=5, marks="lines")
    assert words.pieces == (UNKNOWN, " ", "the", START, END)  # five with the marks
    assert words.encode("the cat\n").tolist() == [3, 2, 1, 0, 4]
    assert words.unknown_in("the dog\nthe dog\n") == ("dog",)
    as_bytes = fit("bytes", "", marks="lines")
    assert as_bytes.encode("a\n").tolist() == [256, 97, 257]
    assert as_bytes.encode("a").dtype == np.uint16  # 258 ids
    bpe = fit("bpe", "aaabdaaabac\n" * 4, max_vocabulary=261, marks="lines")
    assert bpe.pieces[256:] == ("aa", "ab", "aaab", START, END)


def test_nothing_is_merged_with_a_line_end_that_is_a_mark() -> None:
    text = "so \nso \nso \n"
    assert " \n" in named(text, "none", "bpe") + list(fit("bpe", text, 300).pieces)
    assert all("\n" not in piece for piece in named(text, "lines", "bpe"))
    assert not any("\n" in p for p in fit("bpe", text, 300, marks="lines").pieces[256:])
    assert named("a\r\nb\r\n", "lines", "graphemes") == [START, "a", "\r", END, START, "b", "\r",
                                                         END]


@pytest.mark.parametrize("kind", list(KINDS))
def test_marks_are_kept_with_the_vocabulary(kind: str) -> None:
    tokenizer = fit(kind, "some words\n\nsome more words\n\n", marks="paragraphs")
    assert isinstance(tokenizer, MarkedTokenizer)
    assert from_json(tokenizer.to_json()) == tokenizer
    with pytest.raises(RunError):
        from_json(tokenizer.to_json().replace("paragraphs", "pages"))
    with pytest.raises(RunError):
        from_json('{"kind":"marked","documents":"lines","inside":' + tokenizer.to_json() + "}")


# -- whatever the text -----------------------------------------------------------------------------
@PATIENT
@given(st.sampled_from(list(KINDS)), MARKS, TEXTS.filter(lambda t: t.strip("\n") != ""))
def test_every_text_comes_back(kind: str, marks: str, text: str) -> None:
    tokenizer = fit(kind, text, marks=marks)
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    read, owners = tokenizer.owners(ids)
    assert read == text and len(owners) == len(text) and sorted(owners) == owners.tolist()
    assert ids[0] == tokenizer.start_id
    assert set(np.flatnonzero(ids == tokenizer.start_id)) == {
        0, *(np.flatnonzero(ids[:-1] == tokenizer.end_id) + 1)}  # after an end, and only there
    assert tokenizer.start_id not in owners_ids(owners, ids)  # it makes no character


def owners_ids(owners: np.ndarray, ids: np.ndarray) -> set[int]:
    return set(ids[owners].tolist())


@PATIENT
@given(st.sampled_from(list(KINDS)), MARKS, TEXTS)
def test_no_text_calls_up_a_mark(kind: str, marks: str, text: str) -> None:
    tokenizer = fit(kind, text + START + END + "<s></s><|endoftext|>\n\n", marks=marks)
    ids = tokenizer.encode(text)
    # as many as the text has line ends or blank lines, whatever else is written in it
    ends = text.count("\n") if marks == "lines" else len(re.findall(r"\n\n(?!\n)", text))
    assert int((ids == tokenizer.end_id).sum()) == ends
    assert START not in [tokenizer.pieces[i] for i in ids if i != tokenizer.start_id]


@PATIENT
@given(st.sampled_from(["characters", "bytes", "words", "bpe"]), TEXTS, TEXTS)
def test_lines_are_encoded_one_by_one(kind: str, first: str, second: str) -> None:
    tokenizer = fit(kind, f"{first}\n{second}\nx", marks="lines")
    assert tokenizer.encode(f"{first}\n{second}").tolist() == [
        *tokenizer.encode(f"{first}\n"), *tokenizer.encode(second)]


def test_a_long_text_is_encoded_stretch_by_stretch() -> None:
    for marks, end in (("lines", "\n"), ("paragraphs", "\n\n")):
        text = "".join(f"document {i} 你{end}" for i in range(5_000))  # beyond the stretch
        for kind in ("characters", "words", "bytes", "bpe", "graphemes", "chinese"):
            tokenizer = fit(kind, text[:2_000] + "0123456789" + end, 400, marks=marks)
            whole = tokenizer.encode(text)
            documents = [tokenizer.encode(d + end) for d in text.split(end)[:-1]]
            assert whole.tolist() == np.concatenate(documents).tolist()


# -- settings -----------------------------------------------------------------------------------
def test_what_cannot_be_marked_is_said() -> None:
    def codes(**changes: object) -> list[str]:
        return [p.code for p in replace(RunConfig(), **changes).problems()]

    assert codes(division="lines", marks="paragraphs") == ["config.marks_division"]
    assert codes(division="paragraphs", marks="lines") == []
    assert codes(marks="lines", max_vocabulary=3) == ["config.marks_vocabulary"]
    assert codes(marks="lines", max_vocabulary=4) == []
    assert codes(marks="lines", tokenizer="bpe", max_vocabulary=257) == ["config.marks_vocabulary"]
    assert codes(marks="lines", tokenizer="bpe", max_vocabulary=255) == ["config.bpe_vocabulary"]
    assert codes(marks="lines", tokenizer="bytes", max_vocabulary=2) == []
    assert RunConfig.from_json('{"schema": 2}').marks == "none"  # as every older run


def test_a_cut_with_marked_paragraphs_is_made_between_them() -> None:
    text = "one line\nand one more\n\n" * 40
    config = RunConfig(validation_share=0.27, test_share=0.17)
    plain, marked = divide(text, config), divide(text, replace(config, marks="paragraphs"))
    assert not plain.training.endswith("\n\n")  # the cut is worth looking at
    for part in (marked.training, marked.validation, marked.test):
        assert part.startswith("one line") and part.endswith("\n\n")
    assert marked.training + marked.validation + marked.test == text


def test_a_table_of_vectors_names_no_mark() -> None:
    table = VectorTable((START, END, "the"), np.eye(3, dtype=np.float32))
    tokenizer = fit("words", "the the\n", marks="lines")
    rows = coverage(table, tokenizer, tokenizer.encode("the the\n")).rows
    assert [tokenizer.pieces[i] for i in np.flatnonzero(rows >= 0)] == ["the"]


# -- yardsticks ---------------------------------------------------------------------------------
def test_bits_a_character_are_counted_on_the_text_without_marks(tmp_path: Path) -> None:
    text = BUILTIN["anbn"]()[:6_000]  # whose rules tell how many bits it has
    text = text[:text.rindex("\n") + 1]
    plain, marked = (prepare(new_run(tmp_path, text, marks=marks)) for marks in ("none", "lines"))
    characters = len(plain.validation_ids)
    lines = text[-characters:].count("\n")
    assert plain.characters_per_token == 1.0
    assert marked.characters_per_token == characters / (characters + lines)
    found = [{y.name: y.full / p.characters_per_token for y in all_yardsticks(p, "anbn")}
             for p in (plain, marked)]
    for name in ("xz", "best"):  # of the text, whatever it is cut into
        assert found[0][name] == pytest.approx(found[1][name]) and found[0][name] > 0
    assert found[1]["kn8"] > found[1]["best"]


# -- writing -----------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["characters", "bytes", "words"])
@pytest.mark.parametrize("temperature", [0.0, 1.0, 3.0])
def test_what_an_untrained_model_writes_is_read_again_as_it_was(
        kind: str, temperature: float) -> None:
    tokenizer = fit(kind, "anna\nbob\n", marks="lines")
    model = build(replace(SMALL, tokenizer=kind, marks="lines"), tokenizer.size).eval()
    tokens = list(generate(model, tokenizer, "", SamplingSettings(temperature, length=200)))
    ids = [tokenizer.start_id, *(token.id for token in tokens)]
    if kind == "characters":  # others write what is cut otherwise when it is read
        text = written(iter(tokens))
        again = tokenizer.encode(text).tolist()
        # a text does not tell that another document has just begun
        assert ids[:len(again)] == again and ids[len(again):] in ([], [tokenizer.start_id])
    for before, token in zip(ids, tokens, strict=False):
        assert (token.id == tokenizer.start_id) == (before == tokenizer.end_id)
        if token.id == tokenizer.start_id:
            assert (token.text, token.probability, token.entropy, token.kept) == ("", 1.0, 0.0, 1)
            assert token.alternatives == [(START, 1.0)]
        else:
            assert START not in dict(token.alternatives)


def test_documents_are_asked_of_a_model_that_knows_none() -> None:
    tokenizer = CharTokenizer.fit("anna\nbob\n")
    model = build(SMALL, tokenizer.size).eval()
    with pytest.raises(ConfigError) as caught:
        generate(model, tokenizer, "", SamplingSettings(documents=1))
    assert [p.code for p in caught.value.problems] == ["generate.no_marks"]
    with pytest.raises(ConfigError, match="documents"):
        SamplingSettings(documents=-1).checked()


def test_a_run_on_names_writes_names_one_a_line(tmp_path: Path) -> None:
    text = "".join(f"{NAMES[(i * i + i // 3) % 8]}\n" for i in range(1_200))
    kept = keep_own_text(tmp_path / "corpora", text, "names", 100_000)
    run = train(replace(SMALL, corpus=kept.manifest.source, marks="lines", hidden=32, embedding=16,
                        learning_rate=0.02, batch=16, max_steps=150, threads=1, input_dropout=0.0,
                        output_dropout=0.0), tmp_path)
    for said in [run.write(documents=12), *(sample.text for sample in run.samples)]:
        assert not {"⟨", "⟩"} & set(said)
    lines = run.write(documents=12, length=5_000).split("\n")
    assert len(lines) == 13 and lines[-1] == ""  # each ended by its mark, and nothing begun
    assert sum(name in NAMES for name in lines[:-1]) >= 9
    assert "\n" not in run.tokenizer.pieces  # so nothing but the end mark ends a line
    # a beginning is gone on with from the start mark: `Ann` is S A n n
    assert run.write("hann", length=1, temperature=0.0) == "a"
    assert run.write("", length=200).startswith(tuple(name[0] for name in NAMES))
    reading = Run(run.folder).states("ava\n")
    assert reading.pieces == (START, "a", "v", "a", END)
    assert reading.text == "ava\n" and reading.owners.tolist() == [1, 2, 3, 4]


def test_a_word_is_told_from_the_mark_that_is_shown_like_it() -> None:
    tokenizer = WordTokenizer.fit(f"{START} {END}")
    assert START not in tokenizer.pieces and tokenizer.start_id is None
