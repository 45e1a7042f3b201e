"""A dataset's own division, from its splits to a run: nothing moves from one part into another."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.data.cleaning import clean
from rnnlm_core.data.columns import Leaf
from rnnlm_core.data.corpus import (
    HUB,
    OWN,
    Corpus,
    Manifest,
    keep_cleaned,
    keep_text,
    load_corpus,
    read_stored,
)
from rnnlm_core.data.hub import HubText, _read
from rnnlm_core.data.hub_call import Job
from rnnlm_core.data.hub_choice import HubDataset, Reader, Source
from rnnlm_core.data.hub_spec import HubSpec, comes_divided
from rnnlm_core.data.own_parts import SHORTEST_PART, beginning, budgets, closed, on_text, pieces
from rnnlm_core.data.parts import Parts, divide
from rnnlm_core.data.split import SHORTEST_VALIDATION
from rnnlm_core.errors import ConfigError, CorpusError, Problem
from rnnlm_core.idle import idle
from rnnlm_core.prepared import prepare, validation_text
from rnnlm_core.presets import PRESETS, matching
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.shipping import ship
from rnnlm_core.sweep import create_group, grid
from rnnlm_core.worker import work
from tests.hub_stand_in import DIVIDED, StandIn, repositories
from tests.small_runs import SMALL, run_quietly, small_text, with_plan

SPEC = "hf:acme/divided:default:train+validation+test:text"
PARTS = [small_text(3_000, 1), small_text(700, 2), small_text(500, 3)]


def as_it_comes(**changes: Any) -> RunConfig:
    return RunConfig(division="own", **changes)


# -- shares and ends -------------------------------------------------------------------------------
@pytest.mark.parametrize(("characters", "parts", "shares"), [
    (1_000_000, 3, [800_000, 100_000, 100_000]), (1_000_000, 2, [900_000, 100_000]),
    (1_000_000, 1, [1_000_000]), (100, 3, [68, 16, 16]), (100, 2, [84, 16])])
def test_held_out_parts_have_a_tenth_each(characters: int, parts: int, shares: list[int]) -> None:
    assert budgets(characters, parts)[:parts] == shares or parts == 1
    assert sum(budgets(characters, parts)[:parts]) == characters
    assert SHORTEST_PART == SHORTEST_VALIDATION


def test_a_part_ends_with_a_line_where_one_is_near() -> None:
    assert closed("one\ntwo") == closed("one\ntwo\n") == "one\ntwo\n"
    assert closed("one and only row") == "one and only row"  # without a sign that it has not
    assert beginning("a line of a text\n" * 3, 40) == "a line of a text\n" * 2
    assert beginning("a line of a text\n" * 3, 51) == "a line of a text\n" * 3
    assert beginning("x" * 30 + "\n" + "y" * 30_000, 20_000) == "x" * 30 + "\n" + "y" * 19_969
    assert beginning("x" * 300, 100) == "x" * 100
    assert beginning("x" * 90 + "e\u0301" * 90, 101) == "x" * 90 + "e\u0301" * 5  # not half an é


@given(st.text(st.sampled_from("ab\n"), max_size=200), st.integers(SHORTEST_PART, 120))
def test_a_part_is_the_beginning_of_its_split(text: str, limit: int) -> None:
    part = beginning(text, limit)
    assert text.startswith(part) and len(part) <= limit
    if len(text) >= SHORTEST_PART:
        assert len(part) >= SHORTEST_PART and len(part) >= min(len(text), limit // 2)


# -- what is divided -------------------------------------------------------------------------------
def test_a_text_is_divided_as_it_came() -> None:
    text, lengths = "".join(PARTS), [len(part) for part in PARTS]
    for shares in ({}, {"validation_share": 0.0}, {"test_share": 0.3, "gap": 100}):
        assert divide(text, as_it_comes(**shares), lengths) == Parts(*PARTS)
    two = divide(text, as_it_comes(), [3_000, 1_200])
    assert two == Parts(PARTS[0], PARTS[1] + PARTS[2], "")
    assert divide(text, RunConfig(), lengths) == divide(text, RunConfig())


def test_a_text_that_does_not_come_divided_is_refused() -> None:
    with pytest.raises(CorpusError) as caught:
        divide(small_text(), as_it_comes())
    assert caught.value.code == "corpus.no_own_parts"


def test_what_changes_nothing_is_idle_and_what_is_held_out_counts() -> None:
    assert {"validation_share", "test_share", "gap"} <= idle(as_it_comes())
    assert not {"validation_share", "test_share", "division"} & idle(RunConfig(gap=3))
    assert as_it_comes(validation_share=0.0, patience=3).problems() == []
    assert RunConfig(validation_share=0.0, patience=3).problems() == [
        Problem("config.stop_needs_validation")]


def test_settings_follow_the_text() -> None:
    mine = RunConfig(division="lines")
    divided = on_text(mine, SPEC, (5, 3))
    assert (divided.corpus, divided.division) == (SPEC, "own")
    assert on_text(divided, "names", ()).division == "contiguous"
    assert on_text(mine, "names", ()).division == "lines"


def test_a_recipe_leaves_a_text_divided_as_it_came() -> None:
    draft = as_it_comes(corpus=SPEC)
    applied = PRESETS["tutorial"].applied(draft)
    assert (applied.corpus, applied.division) == (SPEC, "own")
    found = matching(applied)
    assert found is not None and found.name == "tutorial"
    assert PRESETS["tutorial"].applied(RunConfig(division="lines")).division == "contiguous"


@pytest.mark.parametrize(("source", "divided"), [
    (SPEC, True), ("hf:a/b", False), ("hf:a/b::train", False), ("names", False), ("", False)])
def test_which_texts_come_divided_is_in_their_names(source: str, divided: bool) -> None:
    assert comes_divided(source) is divided


# -- splits to parts, whatever they hold -----------------------------------------------------------
class Rows:
    """A reader of rows in memory, in batches of three."""

    keeps_lines = False

    def __init__(self, rows: list[str | None]) -> None:
        self.rows = rows

    def schema(self) -> Any:
        import pyarrow as pa

        return pa.schema([("text", pa.string())])

    def values(self, leaf: Leaf, place: int) -> Iterator[list[str | None]]:
        return (self.rows[at:at + 3] for at in range(0, len(self.rows), 3))


def read(splits: list[list[str | None]], characters: int) -> HubText:
    """As from the hub, without one."""
    name = "+".join(f"s{i}" for i in range(len(splits)))
    dataset = HubDataset("a/b", "f" * 40, ("default",), tuple(name.split("+")), ("text",),
                         "default", name, "text", False)
    readers = [cast(Reader, Rows(rows)) for rows in splits]
    source = Source(dataset, Leaf(("text",)), readers[0],
                    tuple((lambda reader=reader: reader) for reader in readers[1:]))
    return _read(source, HubSpec("a/b", split=name), Job("a/b", 1, 1, 60, characters))


LONG = ["x" * 50, "x " * 30 + "\r", "e\u0301" * 40, "\u0301" + "y" * 60, "z" * 49,
        "e\ud83d\u0301\0\u0323" * 30, "w" * 49 + "\n\n"]
ROWS = st.lists(st.sampled_from([*LONG, "\ufeffmark", "CHAPTER", " ", "\ud83d"]) | st.none()
                | st.text(st.sampled_from("ab\r\n "), min_size=20, max_size=80),
                min_size=3, max_size=12)


@settings(max_examples=80)
@given(st.lists(ROWS, min_size=2, max_size=3), st.integers(100, 900))
def test_each_part_is_the_beginning_of_its_cleaned_split_and_none_leaks(
        tmp_path_factory: pytest.TempPathFactory, splits: list[list[str | None]],
        characters: int) -> None:
    """By the rules in plain words: what a split has is cleaned by itself, a long row stands in one
    part only, the first; each part is a beginning of what is left of its split."""
    try:
        made = keep_text(tmp_path_factory.getbasetemp() / "corpora", read(splits, characters).parts,
                         "hf:a/b::s0+s1", "a/b", characters)
    except CorpusError as error:
        assert error.code in ("hub.no_rows", "corpus.short_part", "corpus.below_minimum",
                              "corpus.one_symbol", "corpus.empty")
        return
    text, lengths = made.text, made.manifest.parts
    assert Manifest.from_json(made.manifest.to_json()) == made.manifest
    assert len(text) <= characters and sum(lengths) == len(text)
    parts = divide(text, as_it_comes(), lengths)
    found = [parts.training, parts.validation, parts.test][:len(splits)]
    assert "".join(found) == text and len(lengths) == len(splits)
    seen: set[str] = set()
    for part, rows, share in zip(found, splits, budgets(characters, len(splits)), strict=True):
        whole = ""
        for row in rows:
            words = (row or "").removeprefix("\ufeff")
            normal = " ".join(words.split())
            if normal and not (normal in seen and len(normal) >= 50):
                seen.add(normal)
                whole += words if words.endswith("\n") else words + "\n"
                if len(whole) - (not words.endswith("\n")) >= share:  # the rest was not read
                    break
        cleaned = clean(whole)[0]
        assert cleaned.startswith(part) and SHORTEST_PART <= len(part) <= share


def test_a_leaked_row_is_trained_on_and_not_held_out() -> None:
    leak, own = "this very row stands in both of the splits, word by word", "a row of its own, " * 4
    got = read([[leak, "short"], [f" {leak.replace(' ', '  ')}", own, "short"]], 1_000)
    assert got.parts == (f"{leak}\nshort\n", f"{own}\nshort\n")
    assert (got.counts.copies, got.counts.leaks, got.counts.repeated) == (1, 1, 1)


def test_a_split_of_nothing_but_copies_is_told(tmp_path: Path) -> None:
    rows: list[str | None] = ["a row that is long enough to be a copy of any other one"]
    with pytest.raises(CorpusError) as caught:
        keep_text(tmp_path, read([rows, rows], 1_000).parts, SPEC, "a/b", 1_000)
    assert (caught.value.code, caught.value.values) == (
        "corpus.short_part", {"part": 2, "value": 0, "limit": 16})
    assert list(tmp_path.iterdir()) == []


# -- the store -------------------------------------------------------------------------------------
def kept(root: Path, parts: list[str] = PARTS, **changes: Any) -> Corpus:
    return keep_text(root / "corpora", parts, SPEC, "acme/divided", 1_000_000,
                     notes={"read": SPEC}, **changes)


def test_cleaning_a_text_once_more_leaves_its_parts(tmp_path: Path) -> None:
    first = kept(tmp_path, ["ﬁrst row\n" * 9, "\u0301 two  spaces\n" * 9, "third ﬂoor\n" * 9])
    again = keep_cleaned(tmp_path / "corpora", first, "compatibility", "NFKC")
    assert again.pieces == ["first row\n" * 9, "\u0301 two  spaces\n" * 9, "third floor\n" * 9]
    assert again.manifest.source.startswith(OWN) and again.manifest.notes["read"] == SPEC
    assert load_corpus(again.manifest.source, tmp_path / "corpora", 1_000_000) == again
    cut = load_corpus(again.manifest.source, tmp_path / "corpora", 300)
    assert cut.pieces == ["first row\n" * 9, "\u0301 two  spaces\n" * 2, "third floor\n" * 2]
    assert cut.manifest.notes == again.manifest.notes


def test_papers_from_before_are_read_and_wrong_lengths_are_not(tmp_path: Path) -> None:
    papers = kept(tmp_path).manifest
    old = json.loads(papers.to_json())
    del old["parts"]
    assert Manifest.from_json(json.dumps(old)) == dataclasses.replace(papers, parts=())
    for wrong in ([1, 2], [], "ab", [4_200, 0], [5_000, -800], [None], 3):
        text = json.dumps({**old, "parts": wrong})
        if wrong == []:
            assert Manifest.from_json(text).parts == ()
            continue
        with pytest.raises(CorpusError) as caught:
            Manifest.from_json(text)
        assert caught.value.code == "corpus.lost"


def test_one_text_from_two_sources_keeps_both_papers(tmp_path: Path) -> None:
    divided = kept(tmp_path)
    pasted = keep_text(tmp_path / "corpora", divided.text, OWN, "mine", 1_000_000)
    assert (divided.manifest.sha256, pasted.manifest.parts) == (pasted.manifest.sha256, ())
    assert read_stored(tmp_path / "corpora", divided.manifest.sha256) == pasted
    assert load_corpus(SPEC, tmp_path / "corpora", 1_000_000) == divided


# -- a run -----------------------------------------------------------------------------------------
def run_on(root: Path, **changes: Any) -> RunFolder:
    corpus = kept(root)
    config = dataclasses.replace(SMALL, **{"corpus": SPEC, "division": "own", "max_steps": 20,
                                           "max_characters": 1_000_000} | changes)
    return launch.create_run(config, root, corpus)


def read_parts(folder: RunFolder) -> list[str]:
    found = prepare(folder)
    assert found.test_rows is not None
    test = found.test_rows.targets[found.test_rows.targets >= 0]
    return [found.tokenizer.decode(ids) for ids in (found.train_ids, found.validation_ids, test)]


def test_a_run_its_fork_and_its_shipped_copy_divide_alike(tmp_path: Path) -> None:
    folder = with_plan(run_on(tmp_path))
    assert read_parts(folder) == PARTS
    assert work(folder) == "finished"
    assert folder.status(0.0).final_test is not None
    fork = launch.fork(folder, None, dataclasses.replace(folder.config(), max_steps=30,
                                                         learning_rate=1e-3), tmp_path)
    assert read_parts(fork) == PARTS
    with pytest.raises(ConfigError) as caught:
        launch.fork(folder, None, dataclasses.replace(folder.config(), division="contiguous",
                                                      max_steps=30), tmp_path)
    assert caught.value.code == "config.fork_fixed"
    shipped = ship(folder, tmp_path / "shipped", 1)
    shutil.rmtree(tmp_path / "corpora")
    assert validation_text(shipped) == PARTS[1]


def test_the_vocabulary_is_that_of_the_training_split_alone(tmp_path: Path) -> None:
    parts = ["ab ab\n" * 90, "abc\n" * 9, "abd\n" * 9]
    folder = launch.create_run(
        dataclasses.replace(SMALL, corpus=SPEC, division="own", max_characters=1_000_000),
        tmp_path, kept(tmp_path, parts))
    assert sorted(prepare(folder).tokenizer.pieces[1:]) == ["\n", " ", "a", "b"]


def test_a_sweep_over_the_division_counts_each_vocabulary_anew(tmp_path: Path) -> None:
    kept(tmp_path, ["ab ab\n" * 90, "abc\n" * 9, "abd\n" * 9])
    base = dataclasses.replace(SMALL, corpus=SPEC, max_characters=1_000_000, max_steps=5)
    folders = create_group("sweep", grid(base, {"division": ["own", "contiguous"]}), tmp_path)
    assert [prepare(folder).tokenizer.size for folder in folders] == [5, 6]  # in order, c is seen


def test_a_run_cannot_be_made_as_a_text_comes_that_does_not(tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as caught:
        launch.create_run(as_it_comes(corpus="stories_en"), tmp_path)
    assert caught.value.code == "corpus.no_own_parts"


# -- from the hub to a run, with one command -------------------------------------------------------
def test_a_command_trains_on_a_datasets_own_division(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("not to be read")
    hub_env = {"HF_HOME": str(tmp_path / "hf"), "NO_PROXY": "*", "HF_HUB_DISABLE_TELEMETRY": "1"}
    with StandIn({"acme/divided": repositories(outside)["acme/divided"]}) as hub:
        done = run_quietly(
            sys.executable, "-m", "rnnlm_core", "train", "--corpus", SPEC, "--steps", 10,
            "--hidden", 8, "--embedding", 4, "--batch", 4, "--sequence-length", 8,
            "--runs", tmp_path / "runs", env={"HF_ENDPOINT": hub.url, **hub_env})
    assert done.returncode == 0, done.stderr
    folder = RunFolder(done.stdout.strip())
    papers = json.loads((folder.path / "corpus.json").read_text("utf-8"))
    assert (folder.config().corpus, folder.config().division) == (SPEC, "own")
    assert (papers["notes"]["copies"], papers["notes"]["leaks"]) == (4, 3)
    rows = [DIVIDED["train"][:-1],
            [row for row in DIVIDED["validation"] if "training" not in row], DIVIDED["test"][2:]]
    assert read_parts(folder)[0] == clean("".join(f"{row}\n" for row in rows[0]))[0]
    text = (tmp_path / "runs" / "corpora" / papers["sha256"] / "text.txt").read_text("utf-8")
    assert pieces(text, papers["parts"]) == [
        clean("".join(f"{row}\n" for row in part))[0] for part in rows]
    assert text[papers["parts"][0]] == "\u0301"  # joins nothing of the part before
    assert HUB + "acme/divided" in papers["source"]
