"""What the first page shows: kept numbers, claims no larger than they are, thumbnails."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rnnlm_core import launch
from rnnlm_core.errors import RunError
from rnnlm_core.figures.home import fading_thumbnail, heat_thumbnail, loss_thumbnail
from rnnlm_core.figures.palette import DASH, LIGHT
from rnnlm_core.figures.training import Series
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.showcase import FoundUnit, Showcase, read_showcase
from rnnlm_ui.home_view import beginning, claim, horizon, most_active
from rnnlm_ui.i18n import strings
from rnnlm_ui.runs import DIALOGUE, NAMES

FOUND = FoundUnit("inside_quotes", "binary", 2, 1, 0.97, 0.6, 0.55, 24_000)


def test_a_showcase_is_read_as_it_was_written(tmp_path: Path) -> None:
    states = np.arange(12, dtype=np.float16).reshape(4, 3) / 12
    kept = Showcase("a\n<b", states, FOUND, {"rnn": np.array([0, -1], np.float32)})
    kept.save(RunFolder(tmp_path))
    found = read_showcase(RunFolder(tmp_path))
    assert found is not None and (found.text, found.found) == (kept.text, FOUND)
    assert (found.states == states).all() and found.fading["rnn"].tolist() == [0, -1]


def test_a_run_without_showcase_has_none_and_a_damaged_one_says_so(tmp_path: Path) -> None:
    assert read_showcase(RunFolder(tmp_path)) is None
    (tmp_path / "showcase.npz").write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(RunError):
        read_showcase(RunFolder(tmp_path))


@pytest.mark.parametrize("name", [NAMES, DIALOGUE])
def test_shipped_showcases_fit_their_runs(name: str) -> None:
    folder = RunFolder(launch.models_root() / name)
    kept = read_showcase(folder)
    assert kept is not None and kept.found is not None
    assert kept.states.shape == (len(kept.text), folder.config().hidden)
    assert (folder.path / "validation.txt").read_text("utf-8").startswith(kept.text)
    assert kept.found.score > max(kept.found.control, kept.found.chance)
    assert {cell: float(curve[0]) for cell, curve in kept.fading.items()} == {
        "rnn": 0.0, "gru": 0.0, "lstm": 0.0}


def test_a_claim_is_no_larger_than_its_score() -> None:
    weak = FoundUnit("inside_quotes", "binary", 2, 1, 0.79, 0.6, 0.55, 24_000)
    assert "knows" in claim(FOUND, 48) and "leans" in claim(weak, 48)
    assert "48" in claim(None, 48)


def test_every_label_of_the_search_has_a_claim() -> None:
    from rnnlm_core.insight.labels import labels_of

    text = 'He said "A B12" (c) and left.\n' * 40
    kinds = {label.name: label.kind for label in labels_of(text)}
    keys = strings("en")
    assert len(kinds) >= 5
    assert [name for name in kinds if f"home.leans.{name}" not in keys] == []
    assert [name for name, kind in kinds.items()
            if kind == "binary" and f"home.knows.{name}" not in keys] == []


def test_the_horizon_is_the_first_lag_below_one_percent_for_good() -> None:
    assert horizon(np.array([0, -1, -2.5, -1.9, -2.1, -3])) == "4"
    assert horizon(np.array([0, -0.1, -0.2])) == "> 2"


def test_a_card_holds_five_lines_whole_ones_where_they_are_short() -> None:
    assert beginning("one\ntwo\nthree\nfour\nfive\nsix") == "one\ntwo\nthree\nfour\nfive"
    long = "x" * 300
    assert beginning(long) == "x" * 220
    assert beginning("a\n" + "y" * 80 + "\nb\n" + "z" * 200) == "a\n" + "y" * 80 + "\nb"
    assert beginning("") == ""


def test_the_found_unit_is_the_first_row() -> None:
    states = np.zeros((5, 4), np.float16)
    states[:, 3], states[:, 1] = [1, -1, 1, -1, 1], [0.5, 0, 0.5, 0, 0.5]
    assert most_active(Showcase("abcde", states, FOUND, {}))[:3] == [2, 3, 1]
    assert most_active(Showcase("abcde", states, None, {}))[:2] == [3, 1]


def test_thumbnails_draw_what_they_are_given() -> None:
    loss = loss_thumbnail(Series([1, 2, 3], [4, 2, 1]), [5.0, 3.0], "lstm", "LSTM")
    assert loss.layout.yaxis.type == "log" and len(loss.layout.shapes) == 2
    assert loss.layout.annotations[0].y == 0.0  # log10 of the last loss
    assert loss_thumbnail(Series(), [], "gru", "GRU").layout.annotations == ()
    heat = heat_thumbnail(np.array([[-1.0, 0.0, 1.0]]))
    assert (heat.data[0].zmin, heat.data[0].zmid, heat.data[0].zmax) == (-1, 0, 1)
    fading = fading_thumbnail({"rnn": np.array([0, -3.0]), "lstm": np.array([0, -2.9])},
                              {"rnn": "RNN", "lstm": "LSTM"})
    assert [line.line.dash for line in fading.data] == [DASH["rnn"], DASH["lstm"]]
    assert fading.layout.annotations[0].font.color == LIGHT["rnn"]
    one, other = (note.y * 124 / 3 + note.yshift for note in fading.layout.annotations)
    assert abs(one - other) >= 18.9  # pixels: the names do not touch
