"""Word vectors of the hub, for real over 127.0.0.1: what moves, what is read, how faults end.

All calls are made by a few processes side by side, once for the module, as in test_hub.py.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from rnnlm_core.data.hub_vectors import VectorSpec
from rnnlm_core.data.vector_menu import vector_menu
from rnnlm_core.errors import BadInput
from tests.hub_stand_in import (
    READER,
    STRANGER,
    StandIn,
    absent_hub,
    make_calls,
    silent_hub,
    vector_repositories,
)


def look(spec: str, **keywords: Any) -> dict[str, Any]:
    return {"do": "tables", "spec": f"hf:{spec}", **keywords}


def read(spec: str, **keywords: Any) -> dict[str, Any]:
    return {"do": "vectors", "spec": f"hf:{spec}", **keywords}


CALLS = {
    "first": look("acme/one"),  # also imports the libraries
    "offered": look("acme/glove"),
    "zip offered": look("acme/glove:glove.zip"),
    "member offered": look("acme/glove:glove.zip:sub/glove.5d.txt"),
    "zip": read("acme/glove:glove.zip:glove.20d.txt", most_rows=1_000),
    "gz": read("acme/glove:crawl.vec.gz", most_rows=1_000),
    "vec": read("acme/glove:crawl.vec", most_rows=1_000),
    "whole": read("acme/glove:crawl.vec"),
    "only one": read("acme/one"),
    "dataset": read("datasets/acme/of_a_dataset:only.vec"),
    "several files": read("acme/glove"),
    "several members": read("acme/glove:glove.zip"),
    "no such file": read("acme/glove:none.vec"),
    "no such member": read("acme/glove:glove.zip:none.txt"),
    "no such revision": read("acme/one@v9:only.vec"),
    "not a model": look("acme/of_a_dataset"),
    "no tables": look("acme/no_tables"),
    "bad line": read("acme/bombs:bad.vec"),
    "one line": read("acme/bombs:line.gz"),
    "missing": look("nobody/nothing"),
    "gated": look("acme/gated_glove"),
    "gated with token": read("acme/gated_glove", token=READER),
    "no access": read("acme/gated_glove:a.vec", token=STRANGER),
    "private": look("acme/private_glove"),
    "private with token": read("acme/private_glove", token=READER),
    "gated after": read("acme/gated_glove"),
}
BAD_DAYS = {
    "first bad": look("acme/one"),
    "cut": read("acme/cut_glove", most_rows=20_000),
    "flaky": read("acme/flaky_glove", most_rows=100),
    "down": read("acme/down_glove"),
    "out of time": read("acme/slow_glove", max_seconds=0.6),
    "cancelled": read("acme/slow_glove", cancel_after=0.6),
    "progress": read("acme/slow_glove", most_rows=20_000),
}
SILENT = {"first silent": look("acme/one", seconds=0.1), "silent": look("acme/glove")}
ABSENT = {"first absent": look("acme/one"), "absent": read("acme/glove:crawl.vec")}


class Made(dict[str, Any]):
    """Results by the names above."""

    def ok(self, name: str) -> Any:
        assert "ok" in self[name], self[name]
        return self[name]["ok"]

    def error(self, name: str) -> tuple[str, str]:
        assert "error" in self[name], self[name]
        return self[name]["error"]["code"], self[name]["error"]["sentence"]


@pytest.fixture(scope="module")
def hub() -> StandIn:
    return StandIn(vector_repositories())


@pytest.fixture(scope="module")
def calls(hub: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Made:
    home, made = tmp_path_factory.mktemp("hub"), Made()
    with hub, silent_hub() as silent, absent_hub() as absent, ThreadPoolExecutor(2) as pool:
        def group(url: str, wanted: dict[str, Any]) -> dict[str, Any]:
            results = make_calls(url, list(wanted.values()), home, HF_TOKEN="hf_of_the_owner")
            return dict(zip(wanted, results, strict=True))

        for done in [pool.submit(group, url, wanted) for url, wanted in (
                (hub.url, CALLS), (hub.url, BAD_DAYS), (silent, SILENT), (absent, ABSENT))]:
            made.update(done.result())
    return made


# -- specs -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("source", "spec"), [
    ("hf:a/b", VectorSpec("a/b")),
    ("hf:a/b:c.vec", VectorSpec("a/b", "c.vec")),
    ("hf:a/b@v1:d/c.zip:e f.txt", VectorSpec("a/b", "d/c.zip", "e f.txt", "v1")),
    ("hf:datasets/a/b:c.vec", VectorSpec("a/b", "c.vec", datasets=True)),
    ("hf:datasets/a/b@refs/pr/2", VectorSpec("a/b", revision="refs/pr/2", datasets=True))])
def test_a_spec_is_read_and_written(source: str, spec: VectorSpec) -> None:
    assert VectorSpec.parse(source) == spec and str(spec) == source


@pytest.mark.parametrize("source", [
    "hf:", "hf:../x", "hf:a/b/c:d", "hf:/etc/passwd", "a/b", "hf:a/b:c\n.vec", "hf:a/b@../x:c",
    "hf:a b", "hf:a/b:" + "c" * 201])
def test_what_is_no_spec_is_refused_before_anything_is_asked(source: str) -> None:
    with pytest.raises(BadInput) as refused:
        VectorSpec.parse(source)
    assert refused.value.code in ("vectors.bad_id", "hub.revision")


def test_the_menu_names_tables_in_both_languages() -> None:
    for entry in vector_menu():
        assert entry.spec.file and entry.spec.member and str(entry.spec) == entry.source
        assert entry.en.endswith(".") and entry.zh.endswith("。")
    assert len({entry.name for entry in vector_menu()}) == len(vector_menu()) >= 2


# -- what is there ---------------------------------------------------------------------------------
def test_a_repository_offers_its_tables_with_their_sizes(calls: Made, hub: StandIn) -> None:
    found, files = calls.ok("offered"), hub.repos["acme/glove"].files
    assert [tuple(file) for file in found["files"]] == [
        (name, len(files[name])) for name in ("crawl.vec", "crawl.vec.gz", "glove.zip",
                                              "glove.txt")]
    assert (found["spec"], found["licence"], found["members"]) == (
        "hf:acme/glove:crawl.vec", "mit", [])
    assert found["revision"] == hub.repos["acme/glove"].sha()


def test_a_zip_is_asked_for_its_list_alone(calls: Made) -> None:
    found = calls.ok("zip offered")
    assert found["members"] == ["glove.20d.txt", "sub/glove.5d.txt"]
    assert found["spec"] == "hf:acme/glove:glove.zip:glove.20d.txt"
    assert calls.ok("member offered")["spec"].endswith(":sub/glove.5d.txt")


# -- what is read ----------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "file", "most"), [
    ("zip", "glove.zip", 0.2), ("gz", "crawl.vec.gz", 0.2), ("vec", "crawl.vec", 0.05)])
def test_only_the_first_rows_are_moved(
        name: str, file: str, most: float, calls: Made, hub: StandIn) -> None:
    """1,000 rows of 40,000: row 7 of the stand-in's tables is 7.0 7.1 7.2 …"""
    found = calls.ok(name)
    assert (found["rows"], found["ended"], found["size"]) == (1_000, "rows", 20)
    assert found["words"] == [f"w{row}" for row in range(1_000)]
    assert found["vectors"][2] == pytest.approx([2 + (place % 10) / 10 for place in range(20)])
    assert found["bytes_moved"] < most * len(hub.repos["acme/glove"].files[file])


def test_all_of_a_table_is_read_where_it_ends_before_the_budget(calls: Made) -> None:
    found = calls.ok("whole")
    assert (found["rows"], found["ended"], len(found["words"])) == (40_000, "all", 40_000)
    for name in ("only one", "dataset", "gated with token", "private with token"):
        assert calls.ok(name)["ended"] == "all"
    assert calls.ok("only one")["spec"] == "hf:acme/one:only.vec"


def test_a_cut_line_and_two_refusals_are_borne(calls: Made) -> None:
    assert calls.ok("cut")["words"] == [f"w{row}" for row in range(20_000)]
    assert calls.ok("flaky")["rows"] == 100


def test_when_time_is_up_what_was_read_is_kept(calls: Made) -> None:
    found = calls.ok("out of time")
    assert found["ended"] == "seconds" and 0 < found["rows"] < 100_000


def test_progress_counts_rows_and_megabytes(calls: Made) -> None:
    seen = calls["progress"]["progress"]
    assert len(seen) > 1
    for name in ("rows", "megabytes"):
        values = [step[name] for step in seen]
        assert values == sorted(values) and values[-1] > 0


# -- faults ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "code", "words"), [
    ("several files", "vectors.which", "acme/glove holds several tables. Write one of these after"),
    ("several members", "vectors.which", "glove.zip holds several tables."),
    ("no such file", "vectors.no_hub_file", "acme/glove has no file none.vec. Choose one of crawl"),
    ("no such member", "vectors.no_member", "glove.zip holds no file none.txt."),
    ("no such revision", "hub.revision", "acme/one has no such revision."),
    ("not a model", "hub.missing", "There is no public acme/of_a_dataset on the hub."),
    ("no tables", "vectors.no_files", "acme/no_tables holds no file that may be a table"),
    ("bad line", "vectors.number", "Line 2 of bad.vec holds x, which is not a finite number."),
    ("one line", "vectors.no_table", "line.gz is no table of vectors."),
    ("missing", "hub.missing", "There is no public nobody/nothing on the hub."),
    ("gated", "hub.gated", "acme/gated_glove is gated"),
    ("no access", "hub.no_access", "The account of this token has no access to acme/gated_glove"),
    ("private", "hub.missing", "There is no public acme/private_glove"),
    ("gated after", "hub.gated", "acme/gated_glove is gated"),
    ("down", "hub.busy", "The hub is busy (answer 503)."),
    ("cancelled", "hub.cancelled", "Loading acme/slow_glove was stopped. Nothing was changed."),
    ("silent", "hub.timeout", "The hub did not answer within 4 seconds."),
    ("absent", "hub.offline", "The hub cannot be reached.")])
def test_every_fault_is_one_sentence(name: str, code: str, words: str, calls: Made) -> None:
    found = calls.error(name)
    assert found[0] == code and found[1].startswith(words)


def test_nobody_waits_longer_than_five_seconds_for_a_fault_or_two_for_a_cancel(
        calls: Made) -> None:
    assert calls["silent"]["seconds"] < 5 and calls["absent"]["seconds"] < 5
    assert calls["cancelled"]["seconds"] < 0.6 + 2


def test_the_token_of_the_owner_is_never_sent(calls: Made, hub: StandIn) -> None:
    assert {request.authorization for request in hub.log} <= {
        None, f"Bearer {READER}", f"Bearer {STRANGER}"}
