"""A dataset's own division on the Data page: offered first, read, told, and left again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core.data.corpus import Corpus, keep_text, stored_manifests
from rnnlm_core.data.hub import HubDataset
from rnnlm_ui import data_hub_call
from tests.app.inside_pages import opened, said
from tests.app.test_data_hub import on_hub, waited

PARTS = ["a river met a stone and went its way\n" * 40, "another stone sang by the river\n" * 9,
         "the last of the stones kept silent\n" * 6]

pytestmark = pytest.mark.usefixtures("own_runs_folder")


def offering(*splits: str) -> HubDataset:
    """As when no split was asked for."""
    return HubDataset("acme/divided", "1893344b" * 5, ("default",), splits, ("text",), "default",
                      splits[0], "text", False)


def at(dataset: HubDataset, monkeypatch: pytest.MonkeyPatch, spec: str = "") -> AppTest:
    app = on_hub(lambda spec, token: dataset, monkeypatch)
    if spec:
        app.text_input(key="data.hub_id").set_value(spec)
        app.button(key="data.look_up").click().run()
    return waited(app, lambda a: any(s.key == "data.hub_split" for s in a.selectbox)
                  and not any(b.key == "data.cancel" for b in a.button))


def read(app: AppTest, monkeypatch: pytest.MonkeyPatch, parts: list[str] = PARTS) -> AppTest:
    def fetch(source: str, store: Path, amount: int, **_: Any) -> Corpus:
        return keep_text(store, parts if "+" in source else parts[0], source, "acme/divided",
                         amount, rows=55, revision="abc",
                         notes={"blank_rows": 0, "read": source, "copies": 12, "leaks": 3,
                                "repeated_rows": 52})

    monkeypatch.setattr(data_hub_call, "load_corpus", fetch)
    app.button(key="data.read").click().run()
    return waited(app, lambda a: not any(b.key == "data.cancel" for b in a.button))


def test_the_own_division_comes_first_and_is_read_and_told(
        monkeypatch: pytest.MonkeyPatch, own_runs_folder: Path) -> None:
    app = at(offering("test", "train", "validation"), monkeypatch)
    box = app.selectbox(key="data.hub_split")
    assert list(box.options) == ["its own: train · validation · test", "test", "train",
                                 "validation"]
    assert box.value == "train+validation+test"
    assert "*train* is trained on (800,000 characters at most), *validation* is scored while " \
        "training and *test* once at the end (100,000 each at most)" in said(app)
    app.number_input(key="data.hub_amount").set_value(10_000).run()
    assert "(8,000 characters at most)" in said(app)
    read(app, monkeypatch)
    source = "hf:acme/divided:default:train+validation+test:text"
    assert stored_manifests(own_runs_folder / "corpora")[0].source == source
    assert (app.query_params["division"], app.query_params["corpus"]) == ("own", source)
    sizes = [f"{len(part):,}" for part in PARTS]
    for name, size in zip(("trained on:", "held out:", "for the final test:"), sizes, strict=True):
        assert f"{name} {size} (" in said(app)
    assert "Divided as the dataset itself is: train, validation, test" in said(app)
    assert "12 copies of earlier rows left out before dividing, 3 of them held-out" in said(app)
    assert "52 rows repeat an earlier one and stay." in said(app) and not app.error
    assert app.number_input(key="form.validation_share").disabled


def test_short_copies_in_both_splits_are_a_leak_and_a_small_part_says_little(
        monkeypatch: pytest.MonkeyPatch) -> None:
    parts = ["the very same short line\n" * 80, "the very same short line\n" * 39]  # 975
    app = read(at(offering("train", "validation"), monkeypatch), monkeypatch, parts)
    assert ":orange[:material/warning: **Leak:** 100.0% of the held-out passages" in said(app)
    assert "Divide by line in the settings" in said(app)
    assert "Only 975 characters in a held-out part" in said(app)
    parts = ["".join(f"{n} {word}\n" for n in range(300)) for word in ("yes", "no")]
    app = at(offering("train", "validation"), monkeypatch)
    app.number_input(key="data.hub_amount").set_value(50_000).run()
    app = read(app, monkeypatch, parts)
    assert "0.0% of the held-out passages" in said(app)
    assert "Leak" not in said(app) and "held-out part:" not in said(app)


def test_a_test_split_takes_the_place_of_a_validation_split_and_that_is_said(
        monkeypatch: pytest.MonkeyPatch) -> None:
    app = at(offering("train", "test"), monkeypatch)
    assert app.selectbox(key="data.hub_split").value == "train+test"
    assert "It has no validation split, so its test split takes that place" in said(app)
    app = read(app, monkeypatch, PARTS[:2])
    assert "held out: 288 (" in said(app) and "for the final test" not in said(app)
    assert "takes the place of a validation split" in said(app)


@pytest.mark.parametrize(("splits", "spec", "chosen"), [
    (("train",), "", "train"), (("en", "fr"), "", "en"),
    (("train", "validation"), "acme/divided::train", "train")])
def test_a_single_split_is_chosen_where_it_is_asked_for_or_all_there_is(
        splits: tuple[str, ...], spec: str, chosen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    app = at(offering(*splits), monkeypatch, spec)
    assert app.selectbox(key="data.hub_split").value == chosen
    assert "Divided as the dataset itself is" not in said(app)


def test_another_text_is_divided_in_order_again(monkeypatch: pytest.MonkeyPatch) -> None:
    app = at(offering("train", "validation", "test"), monkeypatch)
    read(app, monkeypatch)
    app.selectbox(key="data.hub_split").select("train").run()
    read(app, monkeypatch)
    assert "division" not in app.query_params and "held out: " in said(app)
    app.selectbox(key="data.hub_split").select("train+validation+test").run()
    read(app, monkeypatch)
    app.segmented_control(key="data.source").set_value("builtin").run()
    assert app.query_params["division"] == "own"
    app.selectbox(key="form.corpus").select("stories_en").run()
    assert "division" not in app.query_params and not app.error
    names = list(app.selectbox(key="form.corpus").options)  # one text under both of its sources
    app.selectbox(key="form.corpus").select_index(names.index("acme/divided")).run()
    assert app.query_params["division"] == "own" and "Divided as the dataset" in said(app)


def test_a_text_that_does_not_come_divided_says_so_with_the_way_out() -> None:
    app = opened("data", division="own")
    assert "does not come divided" in app.error[0].value
    assert "**354,744 characters" in said(app)  # never an empty page
    app.button(key="data.repair.corpus.no_own_parts.0").click().run()
    assert not app.error and "division" not in app.query_params
