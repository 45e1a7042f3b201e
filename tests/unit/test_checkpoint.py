"""Checkpoints are whole or found out: cut, flipped, killed between two writes."""

from __future__ import annotations

import json
import pickletools
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from safetensors.torch import load

from rnnlm_core.errors import RunError
from rnnlm_core.run.checkpoint import (
    Checkpoint,
    entries,
    is_mark,
    load_latest_whole,
    load_weights,
    prune,
    save_weights,
    save_whole,
)


def moment(step: int) -> Checkpoint:
    """What a trainer would hand over at a step: weights, optimizer, random state, counters."""
    draw = torch.Generator().manual_seed(step)
    return Checkpoint(step, {
        "model.w": torch.randn(3, 5, generator=draw), "optimizer.0.step": torch.tensor(float(step)),
        "carried.0": torch.randn(1, 2, 4, generator=draw), "random.torch": draw.get_state()},
        {"steps": step, "last_loss": 1 / 3, "seconds": 0.1})


def same(a: Checkpoint, b: Checkpoint) -> bool:
    return (a.step, a.values, set(a.tensors)) == (b.step, b.values, set(b.tensors)) and all(
        torch.equal(t, b.tensors[n]) and t.dtype == b.tensors[n].dtype
        for n, t in a.tensors.items())


def saved(folder: Path, *steps: int) -> Path:
    for step in steps:
        save_whole(folder, moment(step))
    return folder


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_everything_comes_back_to_the_bit(tmp_path: Path) -> None:
    saved(tmp_path, 7)
    assert same(load_latest_whole(tmp_path), moment(7))
    assert set(load_weights(tmp_path).weights()) == {"w"}
    assert names(tmp_path) == {"00000007.safetensors", "latest.json"}


def test_no_checkpoint_yet(tmp_path: Path) -> None:
    for read in (load_latest_whole, load_weights):
        with pytest.raises(RunError) as error:
            read(tmp_path / "checkpoints")
        assert error.value.code == "run.no_checkpoint"


def test_a_cut_file_falls_back_to_the_one_before(tmp_path: Path) -> None:
    saved(tmp_path, 10, 20)
    path = tmp_path / "00000020.safetensors"
    raw = path.read_bytes()
    for part in range(64):
        path.write_bytes(raw[:len(raw) * part // 64])
        assert same(load_latest_whole(tmp_path), moment(10))
        assert load_weights(tmp_path).step == 10


def test_one_flipped_bit_falls_back_to_the_one_before(tmp_path: Path) -> None:
    saved(tmp_path, 10, 20)
    path = tmp_path / "00000020.safetensors"
    raw = path.read_bytes()
    for at in range(0, len(raw), 37):
        flipped = bytearray(raw)
        flipped[at] ^= 1 << at % 8
        path.write_bytes(flipped)
        assert same(load_latest_whole(tmp_path), moment(10))


def test_a_missing_file_falls_back_and_nothing_whole_is_told(tmp_path: Path) -> None:
    saved(tmp_path, 10, 20)
    (tmp_path / "00000020.safetensors").unlink()
    assert load_latest_whole(tmp_path).step == 10
    (tmp_path / "00000010.safetensors").unlink()
    for read in (load_latest_whole, load_weights):
        with pytest.raises(RunError) as error:
            read(tmp_path)
        assert error.value.code == "run.damaged"


@pytest.mark.parametrize("index", [
    b"", b"{", b"[]", b"{}", b"\xff", b'{"checkpoints": 3}', b'{"checkpoints": [{"step": 1}]}',
    b'{"checkpoints": [{"step": 1, "file": "../../x", "sha256": "", "whole": true}]}'])
def test_a_damaged_index_is_told(tmp_path: Path, index: bytes) -> None:
    saved(tmp_path, 10)
    (tmp_path / "latest.json").write_bytes(index)
    with pytest.raises(RunError) as error:
        load_latest_whole(tmp_path)
    assert error.value.code == "run.damaged"


@pytest.mark.parametrize("again", [10, 20])
def test_the_pointer_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, again: int
                                ) -> None:
    """Ended between file and pointer, also at a step that is kept already: nothing is lost."""
    saved(tmp_path, 10)

    def ended(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rnnlm_core.run.checkpoint.point", ended)
    for save in (save_whole, save_weights):
        with pytest.raises(KeyboardInterrupt):
            changed = moment(again)
            save(tmp_path, Checkpoint(again, changed.tensors, {**changed.values, "seconds": 9.0}))
            raise KeyboardInterrupt  # where it is whole already, there is nothing to write
    assert same(load_latest_whole(tmp_path), moment(10))
    monkeypatch.undo()
    saved(tmp_path, 20)
    assert names(tmp_path) == {e.file for e in entries(tmp_path)} | {"latest.json"}


def test_saving_one_step_again_and_again(tmp_path: Path) -> None:
    for seconds in range(5):
        save_whole(tmp_path, Checkpoint(10, moment(10).tensors, {"seconds": seconds}))
        assert load_latest_whole(tmp_path).values == {"seconds": seconds}
        assert len(names(tmp_path)) == 2


def test_two_whole_ones_are_kept_and_earlier_marks_as_weights(tmp_path: Path) -> None:
    saved(tmp_path, 0, 16, 20, 22, 30)
    assert [(e.step, e.whole) for e in entries(tmp_path)] == [
        (0, False), (16, False), (22, True), (30, True)]
    assert set(load_weights(tmp_path, 16).tensors) == {"model.w"}
    assert torch.equal(load_weights(tmp_path, 16).weights()["w"], moment(16).tensors["model.w"])
    assert names(tmp_path) == {e.file for e in entries(tmp_path)} | {"latest.json"}


def test_a_damaged_old_one_does_not_stop_the_training(tmp_path: Path) -> None:
    saved(tmp_path, 0, 16)
    (tmp_path / "00000000.safetensors").write_bytes(b"x")
    saved(tmp_path, 20, 30)
    assert [e.step for e in entries(tmp_path)] == [16, 20, 30]


def test_keeping_weights_never_takes_a_whole_one_away(tmp_path: Path) -> None:
    saved(tmp_path, 16)
    save_weights(tmp_path, moment(16))
    assert same(load_latest_whole(tmp_path), moment(16))
    save_weights(tmp_path, moment(22))
    assert [(e.step, e.whole) for e in entries(tmp_path)] == [(16, True), (22, False)]


def test_going_on_from_an_earlier_one_forgets_the_later_ones(tmp_path: Path) -> None:
    saved(tmp_path, 10, 20)
    saved(tmp_path, 15)
    assert [e.step for e in entries(tmp_path)] == [10, 15]


def test_a_step_that_was_not_kept_is_told_with_those_that_were(tmp_path: Path) -> None:
    saved(tmp_path, 10, 20)
    with pytest.raises(RunError, match=r"^No moment is kept at step 11\. Kept are: 10, 20\.$"):
        load_weights(tmp_path, 11)


def test_marks_are_few_and_ever_further_apart() -> None:
    marks = [step for step in range(5_000) if is_mark(step)]
    assert marks[:6] == [0, 16, 22, 31, 44, 61]
    gaps = [b / a for a, b in pairwise(marks[1:])]
    assert all(1.3 < gap < 1.5 for gap in gaps)
    # the ratio stays, so there are ln(10⁷/16)/ln 1.4 + 1 of them below ten million, and step 0
    above = marks[-1]
    while above < 10_000_000:
        near = range(int(above * 1.39), int(above * 1.41) + 2)
        above = next(step for step in near if is_mark(step))
        marks.append(above)
    assert len([m for m in marks if 0 < m <= 10_000_000]) <= 40


@pytest.mark.parametrize(("keep", "steps"), [(0, [30]), (1, [0, 30]), (2, [0, 16, 30]),
                                             (9, [0, 16, 30])])
def test_pruning_for_shipping(tmp_path: Path, keep: int, steps: list[int]) -> None:
    saved(tmp_path, 0, 16, 20, 22, 30)
    prune(tmp_path, keep)
    assert [e.step for e in entries(tmp_path)] == steps
    assert same(load_latest_whole(tmp_path), moment(30))


def test_nothing_to_prune_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError) as error:
        prune(tmp_path, 2)
    assert error.value.code == "run.no_checkpoint"


def test_it_is_safetensors_and_no_pickle(tmp_path: Path) -> None:
    saved(tmp_path, 10)
    raw = (tmp_path / "00000010.safetensors").read_bytes()
    assert set(load(raw)) == set(moment(10).tensors)
    assert not raw.startswith((b"PK", b"\x80"))
    with pytest.raises(ValueError):
        list(pickletools.genops(raw))
    kept, = json.loads((tmp_path / "latest.json").read_text())["checkpoints"]
    assert kept["file"] == "00000010.safetensors"


def test_the_core_never_loads_a_pickle() -> None:
    root = Path(__file__).resolve().parents[2]
    calls = ("torch.load", "import pickle", "pickle.load", "allow_pickle=True")
    assert [(path.name, call) for path in root.glob("rnnlm_*/**/*.py") for call in calls
            if call in path.read_text("utf-8")] == []
