"""The hub, for real over 127.0.0.1: what is chosen, what is read, and how every failure ends.

All calls are made by a few processes side by side, once for the whole module, because importing
`datasets` takes seconds; each test looks at one call. A repository that counts (refusals, a cut)
belongs to exactly one call.
"""

from __future__ import annotations

import json
import os
import string
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rnnlm_core.data.hub_spec import _LOADERS, HubSpec, lacks_validation, own_division
from rnnlm_core.errors import SENTENCES, CorpusError
from tests.hub_stand_in import (
    DIVIDED,
    LINES,
    READER,
    STRANGER,
    TOO_OFTEN,
    VERSES,
    StandIn,
    absent_hub,
    make_calls,
    repositories,
    silent_hub,
)

SECRET = "a file of the server"
NESTED = "translation.en, translation.fr, tokens, answers.text, messages"
LIMIT = 5.0  # seconds until a person must be told


def inspect(spec: str, **keywords: Any) -> dict[str, Any]:
    return {"do": "inspect", "spec": f"hf:{spec}", **keywords}


def search(words: str, **keywords: Any) -> dict[str, Any]:
    return {"do": "search", "words": words, **keywords}


def fetch(spec: str, **keywords: Any) -> dict[str, Any]:
    return {"do": "fetch", "spec": f"hf:{spec}", **keywords}


READ = {
    "stories": inspect("acme/stories"),
    "chosen": inspect("acme/stories:small:validation"),
    "old name": inspect("stories"),
    "two configs": inspect("acme/two_configs"),
    "described": inspect("acme/described"),
    "export": inspect("acme/scripted:verse"),
    "nested": inspect("acme/nested"),
    "no config": inspect("acme/stories:huge"),
    "no split": inspect("acme/stories::train[10%]"),
    "no export config": inspect("acme/scripted:poem"),
    "no column": fetch("acme/stories:::body"),
    "number": fetch("acme/stories:::id"),
    "fields": fetch("acme/nested:::translation"),
    "numbers in lists": fetch("acme/nested:::sizes"),
    "list": fetch("acme/nested:::tokens"),
    "field of items": fetch("acme/nested:::answers.text"),
    "chat": fetch("acme/nested:::messages"),
    "poems": inspect("acme/poems"),
    "converted": fetch("acme/converted@refs/pr/2"),
    "no revision": inspect("acme/converted@refs/pr/3"),
    "place 1": fetch("acme/ordered#1", max_characters=50_000),
    "place 1 again": fetch("acme/ordered#1", max_characters=50_000),
    "place 2": fetch("acme/ordered#2", max_characters=50_000),
    "all from a place": fetch("acme/places#5"),
    "only one place": fetch("acme/poems#3"),
    "found": search("stor"),
    "found again": search("  STOR "),
    "one letter": search("s"),
    "nothing found": search("no such letters"),
    "too often": search(TOO_OFTEN),
    "small": fetch("acme/stories"),
    "big": fetch("acme/stories:big:train:text"),
    "one group": fetch("acme/one_group"),
    "plain": fetch("acme/plain"),
    "two files": fetch("acme/two_files"),
    "csv": fetch("acme/csv"),
    "lines": fetch("acme/lines", max_characters=1000),
    "second config": fetch("acme/two_configs:second"),
    "french": fetch("acme/nested:::translation.fr"),
    "verse": fetch("acme/scripted:verse"),
    "latin": fetch("acme/latin"),
    "ragged": fetch("acme/ragged"),
    "broken": fetch("acme/broken"),
    "long list": fetch("acme/long_list", max_characters=1000),
    "script": fetch("acme/script_only"),
    "gated": fetch("acme/gated"),
    "private": fetch("acme/private"),
    "missing": fetch("nobody/nothing"),
    "missing word": inspect("nothing"),
    "empty": fetch("acme/empty"),
    "no lines": fetch("acme/no_lines"),
    "pictures": fetch("acme/pictures"),
    "outside": fetch("acme/outside"),
    "numbers": inspect("acme/numbers"),
    "blank": fetch("acme/blank"),
    "cut": fetch("acme/cut"),
    "division": inspect("acme/divided::train+validation+test"),
    "divided": fetch("acme/divided:default:train+validation+test:text"),
    "divided and cut": fetch("acme/divided:default:train+validation+test:text",
                             max_characters=2_000),
    "train alone": fetch("acme/divided::train"),
    "validation alone": fetch("acme/divided::validation"),
    "test alone": fetch("acme/divided::test"),
    "two parts, streamed": fetch("acme/dev::train+dev", max_characters=1_000),
    "export divided": fetch("acme/scripted:verse:train+test"),
    "no such part": inspect("acme/divided::train+dev"),
    "odd test": fetch("acme/odd_test::train+test"),
    "look": {"do": "look"},
}
OWN_TOKEN = {
    "first with token": inspect("acme/described", token=READER),
    "gated opened": inspect("acme/gated", token=READER),
    "gated read": fetch("acme/gated", token=READER),
    "private read": fetch("acme/private", token=READER),
    "gated after": fetch("acme/gated"),
    "private after": fetch("acme/private"),
    "no access": fetch("acme/gated", token=STRANGER),
    "private unseen": fetch("acme/private", token=STRANGER),
    "bad token": fetch("acme/gated", token="hf_mistyped"),
    "two lines": fetch("acme/gated", token="hf_two\nlines"),
    "broken with token": fetch("acme/broken", token=READER),
    "look with token": {"do": "look"},
}
# the first call of a process also imports the libraries: how long that takes is not tested
BAD_DAYS = {
    "first bad": fetch("acme/described"),
    "info down": fetch("acme/info_down"),
    "cancelled": fetch("acme/slow", max_characters=3_000_000, cancel_after=1.0),
    "patient": fetch("acme/slow", max_characters=3_000_000),
    "out of time": fetch("acme/slow", max_characters=3_000_000, max_seconds=0.7),
    "hangs": inspect("acme/hangs", stall_seconds=1.0),
    "flaky": fetch("acme/flaky"),
    "down": fetch("acme/down"),
    "limited": fetch("acme/limited"),
}
SILENT = {"first silent": inspect("acme/stories", seconds=0.1),
          "silent inspect": inspect("acme/stories"), "silent fetch": fetch("acme/stories"),
          "silent search": search("stor")}
ABSENT = {"first absent": inspect("acme/stories"), "absent inspect": inspect("acme/stories"),
          "absent fetch": fetch("acme/stories"), "absent search": search("stor")}
OFFLINE = {"first off": inspect("acme/stories"), "switched off": fetch("acme/stories")}
READ_ONLY = {"read-only home": fetch("acme/two_files")}


class Calls(dict[str, Any]):
    """Results by the names above; `hub` is the stand-in that they talked to, for its log."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        outside = folder / "outside.txt"
        outside.write_text(SECRET)
        # a folder of the server that is called like a dataset
        (folder / "acme" / "two_files").mkdir(parents=True)
        (folder / "acme" / "two_files" / "train.txt").write_text(SECRET)
        self.folder = folder
        self.hub = StandIn(repositories(outside))

    def make(self) -> None:
        with (self.hub, silent_hub() as silent, absent_hub() as absent,
              ThreadPoolExecutor(3) as pool):
            done = [pool.submit(self.group, *group) for group in (
                (self.hub.url, READ, {"HF_TOKEN": "hf_of_the_owner"}),
                (self.hub.url, BAD_DAYS, {}),
                (self.hub.url, OWN_TOKEN, {"HF_TOKEN": "hf_of_the_owner"}),
                (silent, SILENT, {}),
                (absent, ABSENT, {}),
                (absent, OFFLINE, {"HF_HUB_OFFLINE": "1"}),
                (self.hub.url, READ_ONLY, {"HF_HOME": "/dev/null/home"}))]
            for group in done:
                self.update(group.result())

    def group(self, url: str, calls: dict[str, Any], environment: dict[str, str]
              ) -> dict[str, Any]:
        home = self.folder / "home"
        results = make_calls(url, list(calls.values()), home, self.folder, **environment)
        return dict(zip(calls, results, strict=True))

    def error(self, name: str) -> tuple[str, dict[str, Any]]:
        assert "error" in self[name], self[name]
        return self[name]["error"]["code"], self[name]["error"]["values"]

    def ok(self, name: str) -> Any:
        assert "ok" in self[name], self[name]
        return self[name]["ok"]


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Calls:
    made = Calls(tmp_path_factory.mktemp("hub"))
    made.make()
    return made


# -- specs -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("source", "spec"), [
    ("hf:wikitext", HubSpec("wikitext")),
    ("hf:roneneldan/TinyStories", HubSpec("roneneldan/TinyStories")),
    ("hf:a/b:c:d:e", HubSpec("a/b", "c", "d", "e")),
    ("hf:a/b::validation", HubSpec("a/b", None, "validation")),
    ("hf:a/b:::x:y:", HubSpec("a/b", None, None, "x:y:")),
    ("hf:a/b@refs/pr/2", HubSpec("a/b", revision="refs/pr/2")),
    ("hf:a/b#7:c", HubSpec("a/b", "c", place=7)),
    ("hf:a/b@main#7:::x@y#z", HubSpec("a/b", column="x@y#z", revision="main", place=7)),
    ("hf:json/text_1.0-x", HubSpec("json/text_1.0-x")),
    ("hf:a/b:c:train+dev+test:x", HubSpec("a/b", "c", "train+dev+test", "x")),
])
def test_a_spec_is_read_and_written(source: str, spec: HubSpec) -> None:
    assert HubSpec.parse(source) == spec
    assert str(spec) == source


def test_open_ends_are_not_written() -> None:
    assert str(HubSpec.parse("hf:a/b::")) == "hf:a/b"


@pytest.mark.parametrize("id", [
    "", "/etc/passwd", "./a", "../a", ".", "..", ".a/b", "a/..", "a/../b", "a/b/c", "a//b", "a/",
    "/a", "a b/c", "a/b ", "a/b\n", "a\0/b", "~/a", "-a/b", "a/b-", "a--b/c", "a/b@main", "C:\\a",
    "https://huggingface.co/datasets/a/b", "text", "csv", "json", "parquet", "buckets/a",
    "имя/имя", "a" * 97, "a/" + "b" * 97,
])
def test_what_is_no_id_is_refused_before_anything_is_asked(id: str) -> None:
    with pytest.raises(CorpusError) as caught:
        HubSpec(id)
    assert caught.value.code == "hub.bad_id"


@pytest.mark.parametrize(("source", "code"), [
    ("hf:a/b@../../x", "hub.revision"), ("hf:a/b@-x", "hub.revision"),
    ("hf:a/b@x y", "hub.revision"), ("hf:a/b#0", "hub.place"), ("hf:a/b#-1", "hub.place"),
    ("hf:a/b#1e3", "hub.place"), ("hf:a/b#", "hub.place"), ("hf:a/b#12345", "hub.place")])
def test_a_revision_or_place_that_is_none_is_refused(source: str, code: str) -> None:
    with pytest.raises(CorpusError) as caught:
        HubSpec.parse(source)
    assert caught.value.code == code


@pytest.mark.parametrize("split", ["+", "train+", "+test", "a+b+c+d", "train+train", "a++b"])
def test_a_division_names_two_or_three_different_splits(split: str) -> None:
    with pytest.raises(CorpusError) as caught:
        HubSpec.parse(f"hf:a/b::{split}")
    assert (caught.value.code, caught.value.values) == ("hub.splits", {"value": split})


@pytest.mark.parametrize(("splits", "division", "lacks"), [
    (["train", "validation", "test"], "train+validation+test", False),
    (["test", "dev", "train", "extra"], "train+dev+test", False),
    (["Train", "Valid"], "Train+Valid", False), (["train", "test"], "train+test", True),
    (["en", "fr", "test"], None, False), (["train", "extra"], None, False),
    (["train"], None, False)])
def test_a_dataset_is_divided_where_it_has_what_is_held_out(
        splits: list[str], division: str | None, lacks: bool) -> None:
    assert own_division(splits) == division
    assert lacks_validation(HubSpec("a/b", split=division).splits) is lacks


def test_a_source_of_another_kind_is_refused_and_cut_short() -> None:
    with pytest.raises(CorpusError) as caught:
        HubSpec.parse("file:/etc/passwd\n" + "x" * 1000)
    assert caught.value.values == {"value": "file:/etc/passwd?" + "x" * 43 + "…"}


def test_every_loader_of_datasets_is_refused(calls: Calls) -> None:
    assert set(calls["look"]["loaders"]) <= _LOADERS


# -- what is there ---------------------------------------------------------------------------------
def test_a_dataset_tells_what_it_offers_and_what_is_usual(calls: Calls) -> None:
    assert calls.ok("stories") == {
        "id": "acme/stories", "revision": calls.hub.repos["acme/stories"].sha(),
        "configs": ["small", "big"], "splits": ["train", "validation"], "columns": ["text"],
        "config": "small", "split": "train", "column": "text", "from_export": False,
        "licence": "mit", "places": 1}


def test_a_choice_is_kept(calls: Calls) -> None:
    found = calls.ok("chosen")
    assert (found["config"], found["split"]) == ("small", "validation")


def test_an_old_name_leads_to_the_dataset(calls: Calls) -> None:
    assert calls.ok("old name") == calls.ok("stories")


def test_without_a_default_the_first_configuration_is_taken(calls: Calls) -> None:
    found = calls.ok("two configs")
    assert (found["configs"], found["config"]) == (["first", "second"], "first")


def test_a_described_configuration_without_files_is_no_hindrance(calls: Calls) -> None:
    assert calls.ok("described")["config"] == "default"


def test_a_script_is_replaced_by_the_export_with_its_own_configurations(calls: Calls) -> None:
    found = calls.ok("export")
    assert found["from_export"] is True
    assert found["revision"] == calls.hub.repos["acme/scripted"].sha("refs/convert/parquet")
    assert (found["configs"], found["splits"]) == (["prose", "verse"], ["train", "test"])


def test_fields_of_text_inside_a_column_are_offered(calls: Calls) -> None:
    found = calls.ok("nested")
    assert found["columns"] == ["translation.en", "translation.fr", "tokens", "answers.text",
                                "messages"]
    assert found["column"] == "translation.en"


def test_a_column_of_a_usual_name_is_taken_before_the_first(calls: Calls) -> None:
    assert calls.ok("poems")["column"] == "Content"


# -- what is read ----------------------------------------------------------------------------------
def test_rows_are_joined_and_blank_ones_left_out_and_counted(calls: Calls) -> None:
    text = calls.ok("small")
    assert text["text"] == "\n".join(["hello\na\r\nb\nworld"] * 10)
    assert text["counts"] == {"rows": 30, "blanks": 20, "nulls": 10, "copies": 0, "leaks": 0,
                              "repeated": 27}  # ten times the same three, all of them short
    assert (text["spec"], text["ended"]) == ("hf:acme/stories:small:train:text", "all")
    assert text["revision"] == calls.hub.repos["acme/stories"].sha()


@pytest.mark.parametrize(("name", "file"), [("big", "/big/"), ("one group", "one_group/resolve")])
def test_only_as_much_is_moved_as_is_asked_for(calls: Calls, name: str, file: str) -> None:
    """2 files of 2 MB in 20 row groups; 1 file of one row group."""
    text = calls.ok(name)
    assert text["text"] == "\n".join(LINES)[:100_000]
    assert (len(text["text"]), text["ended"]) == (100_000, "characters")
    assert text["bytes_moved"] < 400_000
    assert 0 < text["bytes_moved"] - calls.hub.sent(file) < 20_000  # metadata


def test_another_place_is_a_row_group_that_the_seed_chooses(calls: Calls) -> None:
    first, again, second = (calls.ok(name) for name in ("place 1", "place 1 again", "place 2"))
    assert first["text"] == again["text"] != second["text"]
    for text in (first, second):
        number = LINES.index(text["text"].split("\n")[0])
        assert number % 5000 == 0  # where a row group begins
        assert text["text"] == "\n".join(LINES[number:] + LINES)[:50_000]
        assert text["bytes_moved"] < 400_000
    assert first["spec"] == "hf:acme/ordered#1:default:train:text"


def test_a_division_is_read_split_by_split(calls: Calls) -> None:
    found = calls.ok("division")
    assert (found["split"], found["splits"]) == ("train+validation+test",
                                                 ["train", "validation", "test"])
    text = calls.ok("divided")
    rows = [DIVIDED["train"][:-1],
            [row for row in DIVIDED["validation"] if "training" not in row],
            DIVIDED["test"][2:]]
    assert text["parts"] == ["".join(f"{row}\n" for row in part) for part in rows]
    assert text["spec"] == "hf:acme/divided:default:train+validation+test:text"
    assert text["ended"] == "all"
    assert text["counts"] == {"rows": 323, "nulls": 0, "blanks": 0, "copies": 4, "leaks": 3,
                              "repeated": 1}


def test_of_a_long_division_each_split_gives_its_share(calls: Calls) -> None:
    """A tenth each for what is held out, each up to a line's end: the beginning of that split."""
    text = calls.ok("divided and cut")
    for part, share, name in zip(text["parts"], (1_600, 200, 200), DIVIDED, strict=True):
        alone = calls.ok(f"{name} alone")["text"]
        assert share / 2 < len(part) <= share and part.endswith("\n")
        if name == "train":
            assert alone.startswith(part)
        else:
            assert set(part.splitlines()) < set(alone.splitlines())
    assert text["ended"] == "characters"


def test_two_parts_streamed_and_from_the_export(calls: Calls) -> None:
    text = calls.ok("two parts, streamed")
    rows = [[f"to {name} {i}\n" for i in range(90)] for name in ("train on", "hold out")]
    assert [len(part) for part in text["parts"]] == [10 * 14 + 50 * 15, 7 * 14]
    assert all("".join(whole).startswith(part)
               for whole, part in zip(rows, text["parts"], strict=True))
    assert calls.ok("export divided")["parts"] == ["from the export\n" * 30, "t\nt\nt\n"]


def test_from_a_place_on_all_of_it_is_read_once(calls: Calls) -> None:
    rows = [f"file {file} row {row}" for file in range(2) for row in range(12)]
    read = calls.ok("all from a place")["text"].split("\n")
    at = rows.index(read[0])
    assert at > 0 and at % 3 == 0
    assert read == rows[at:] + rows[:at]
    assert calls.ok("only one place")["text"] == "before my bed"


# -- search ----------------------------------------------------------------------------------------
def test_letters_find_datasets_the_most_downloaded_first(calls: Calls) -> None:
    hits = calls.ok("found")
    assert [hit["id"] for hit in hits] == ["acme/stories"]
    assert (hits[0]["licence"], hits[0]["languages"]) == ("mit", ["en"])
    assert calls.ok("nothing found") == calls.ok("one letter") == []


def test_the_same_letters_are_asked_for_once(calls: Calls) -> None:
    assert calls.ok("found again") == calls.ok("found")
    asked = [request for request in calls.hub.log if request.path == "/api/datasets"]
    assert len([request for request in asked if request.status == 200]) == 2


def test_a_text_file_is_its_text(calls: Calls) -> None:
    """Blank lines stay; the mark at the start goes; `datasets` has made LF of CRLF."""
    text = calls.ok("plain")
    assert text["text"] == (VERSES * 100).replace("\r\n", "\n")
    assert (text["counts"]["rows"], text["counts"]["blanks"]) == (300, 0)


def test_files_follow_each_other_on_a_new_line(calls: Calls) -> None:
    assert calls.ok("two files")["text"] == "end of a\nb\n"


def test_a_table_with_a_mark_and_a_gap(calls: Calls) -> None:
    text = calls.ok("csv")
    assert (text["text"], text["counts"]["rows"]) == ("hi\na,b", 2)
    assert text["counts"]["blanks"] + text["counts"]["nulls"] == 1


def test_a_stream_ends_where_it_may(calls: Calls) -> None:
    """1.1 MB of JSON lines, of which 1,000 characters are wanted."""
    text = calls.ok("lines")
    assert text["text"] == "\n".join(f"line {i}" for i in range(200))[:1000]
    assert text["bytes_moved"] < 500_000


@pytest.mark.parametrize(("name", "text"), [
    ("second config", "2nd"),
    ("french", "\n".join(["bonjour"] * 40)),
    ("verse", "\n".join(["from the export"] * 30)),
    ("converted", "\n".join(["from the pull request"] * 30)),
    ("list", "\n".join(["a b"] * 40)),
    ("field of items", "\n".join(["yes no"] * 40)),
    ("chat", "user: hi\nassistant: hello\n" * 40),
    ("gated read", "secret"),
    ("private read", "secret"),
])
def test_the_chosen_part_is_read(calls: Calls, name: str, text: str) -> None:
    assert calls.ok(name)["text"] == text


def test_a_cut_line_is_taken_up_again(calls: Calls) -> None:
    assert calls.ok("cut")["text"] == ("cut line here\n" * 30_000)[:100_000]


def test_a_hub_that_refuses_twice_is_asked_again(calls: Calls) -> None:
    assert calls.ok("flaky")["text"] == "flaky\n" * 10


def test_when_time_is_up_what_was_read_is_kept(calls: Calls) -> None:
    text = calls.ok("out of time")
    assert text["ended"] == "seconds"
    assert 0 < len(text["text"]) < 3_000_000
    assert "\n".join(LINES).startswith(text["text"])


def test_progress_grows(calls: Calls) -> None:
    progress = calls["patient"]["progress"]
    assert len(progress) > 1
    for name in ("characters", "rows", "megabytes"):
        values = [step[name] for step in progress]
        assert values == sorted(values) and values[-1] > 0


def test_after_a_cancelled_call_the_next_one_is_whole(calls: Calls) -> None:
    """The call before it, of the same dataset, was cancelled after a second."""
    assert calls.ok("patient")["text"] == "\n".join(LINES)[:3_000_000]


def test_a_home_that_cannot_be_written_is_no_hindrance(calls: Calls) -> None:
    """This call also has a folder of the server with the dataset's name before it."""
    assert calls.ok("read-only home")["text"] == "end of a\nb\n"


# -- what goes wrong -------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "code", "values"), [
    ("no config", "hub.config",
     {"id": "acme/stories", "value": "huge", "choices": "small, big"}),
    ("no export config", "hub.config",
     {"id": "acme/scripted", "value": "poem", "choices": "prose, verse"}),
    ("no split", "hub.split",
     {"id": "acme/stories", "value": "train[10%]", "choices": "train, validation"}),
    ("no such part", "hub.split",
     {"id": "acme/divided", "value": "dev", "choices": "train, validation, test"}),
    ("odd test", "hub.part_column",
     {"id": "acme/odd_test", "part": "test", "value": "text", "first": "train"}),
    ("no column", "hub.column", {"id": "acme/stories", "value": "body", "choices": "text"}),
    ("number", "hub.not_text",
     {"id": "acme/stories", "value": "id", "type": "int64", "choices": "text"}),
    ("fields", "hub.not_text", {"id": "acme/nested", "value": "translation", "type": "fields",
                                "choices": NESTED}),
    ("numbers in lists", "hub.not_text", {"id": "acme/nested", "value": "sizes",
                                          "type": "list<element: int64>", "choices": NESTED}),
    ("no revision", "hub.revision", {"id": "acme/converted"}),
    ("numbers", "hub.no_text", {"id": "acme/numbers"}),
    ("blank", "hub.no_rows", {"id": "acme/blank", "value": "text"}),
    ("no lines", "hub.no_rows", {"id": "acme/no_lines", "value": "text"}),
    ("empty", "hub.no_files", {"id": "acme/empty"}),
    ("pictures", "hub.format", {"id": "acme/pictures", "value": ".png"}),
    ("outside", "hub.outside", {"id": "acme/outside"}),
    ("script", "hub.script", {"id": "acme/script_only"}),
    ("gated", "hub.gated", {"id": "acme/gated"}),
    ("private", "hub.missing", {"id": "acme/private"}),
    ("missing", "hub.missing", {"id": "nobody/nothing"}),
    ("missing word", "hub.missing", {"id": "nothing"}),
    ("latin", "hub.unreadable", {"id": "acme/latin", "reason": "not UTF-8"}),
    ("ragged", "hub.unreadable",
     {"id": "acme/ragged", "reason": "columns differ between files"}),
    ("broken", "hub.unreadable", {"id": "acme/broken", "reason": "damaged file"}),
    ("long list", "corpus.too_large", {"name": "acme/long_list", "limit": 64}),
    ("info down", "hub.busy", {"status": 503}),
    ("down", "hub.busy", {"status": 503}),
    ("limited", "hub.rate_limit", {}),
    ("too often", "hub.rate_limit", {}),
    ("gated after", "hub.gated", {"id": "acme/gated"}),
    ("private after", "hub.missing", {"id": "acme/private"}),
    ("no access", "hub.no_access", {"id": "acme/gated"}),
    ("private unseen", "hub.missing", {"id": "acme/private"}),
    ("bad token", "hub.token", {}),
    ("two lines", "hub.token", {}),
    ("hangs", "hub.timeout", {"seconds": 1}),
    ("cancelled", "hub.cancelled", {"id": "acme/slow"}),
    ("silent inspect", "hub.timeout", {"seconds": 4}),
    ("silent fetch", "hub.timeout", {"seconds": 4}),
    ("silent search", "hub.timeout", {"seconds": 4}),
    ("absent inspect", "hub.offline", {}),
    ("absent fetch", "hub.offline", {}),
    ("absent search", "hub.offline", {}),
    ("switched off", "hub.offline", {}),
])
def test_each_failure_has_its_code_and_its_way_out(calls: Calls, name: str, code: str,
                                                   values: dict[str, Any]) -> None:
    assert calls.error(name) == (code, values)


@pytest.mark.parametrize("name", [
    "silent inspect", "silent fetch", "absent inspect", "absent fetch", "switched off", "down",
    "limited", "info down", "missing", "gated", "silent search", "absent search", "too often",
    "bad token", "no access"])
def test_a_hub_that_fails_is_reported_in_time(calls: Calls, name: str) -> None:
    assert calls[name]["seconds"] <= LIMIT


@pytest.mark.parametrize(("name", "asked"), [("cancelled", 1.0), ("hangs", 1.0)])
def test_waiting_ends_soon_after_it_should(calls: Calls, name: str, asked: float) -> None:
    assert asked <= calls[name]["seconds"] <= asked + 2


def test_no_error_tells_about_the_server(calls: Calls) -> None:
    sentences = [result["error"]["sentence"] for result in calls.values() if "error" in result]
    assert len(sentences) > 25
    secrets = (SECRET, "/", "\\", "Error", "Traceback", "127.0.0.1", "hf:", "http")
    for sentence in sentences:
        told = sentence
        for known in ("acme/", "nobody/"):
            told = told.replace(known, "")
        assert not [secret for secret in secrets if secret in told], sentence


def test_no_text_comes_from_the_server(calls: Calls) -> None:
    texts = [json.dumps(result["ok"]) for result in calls.values() if "ok" in result]
    assert not [text for text in texts if SECRET in text]


def test_the_owners_token_is_never_sent_and_a_readers_only_with_the_readers_calls(
        calls: Calls) -> None:
    assert {request.authorization for request in calls.hub.log} == {
        None, *(f"Bearer {token}" for token in (READER, STRANGER, "hf_mistyped"))}
    asked = [request for request in calls.hub.log if request.authorization is None]
    assert not [request for request in asked if "/acme/gated/resolve/" in request.path
                and request.status == 200]


def test_a_readers_token_is_in_no_result_no_log_and_no_file(calls: Calls) -> None:
    logged = calls["look with token"]["logged"]
    assert "acme/broken" in logged and calls.error("broken with token")[0] == "hub.unreadable"
    files = [path for path in calls.folder.rglob("*") if path.is_file()]
    assert len(files) > 1  # the cache of the libraries
    kept = [path.name + path.read_bytes().decode("latin-1") for path in files]
    for token in (READER, STRANGER, "hf_mistyped", "hf_two", "hf_of_the_owner"):
        assert token not in json.dumps({name: calls[name] for name in OWN_TOKEN})
        assert not [file for file in kept if token in file]


def test_reading_needs_no_torch(calls: Calls) -> None:
    assert not {"torch", "streamlit"} & set(calls["look"]["modules"])


def test_importing_the_module_imports_and_sets_nothing() -> None:
    look = ("import os, sys; before = dict(os.environ); import rnnlm_core.data.hub; "
            "heavy = {'datasets', 'huggingface_hub', 'pyarrow', 'torch', 'streamlit'}; "
            "sys.exit(bool(heavy & set(sys.modules)) or dict(os.environ) != before)")
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    assert subprocess.run([sys.executable, "-c", look], env=env, check=False).returncode == 0


@pytest.mark.parametrize("code", [code for code in SENTENCES if code.startswith("hub.")])
def test_sentences_end_with_a_way_out(code: str) -> None:
    plain = "".join(text for text, *_ in string.Formatter().parse(SENTENCES[code]))
    assert plain.rstrip().endswith(".") and plain.count(".") >= 2
