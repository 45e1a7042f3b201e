"""The Cell page as a visitor finds it: one step forwards and backwards, at three distances."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from rnnlm_core import launch
from rnnlm_core.insight.cell_step import cell_step, read_cells
from rnnlm_core.lab import Run
from rnnlm_core.nets.cells import GATES
from rnnlm_core.run.checkpoint import load_weights
from rnnlm_core.run.directory import RunFolder
from rnnlm_ui.cell.bench import default_text
from rnnlm_ui.cell.tiny import tiny_config
from rnnlm_ui.i18n import translate
from rnnlm_ui.runs import DIALOGUE, NAMES
from tests.app.inside_pages import LANGUAGES, opened, said, trained, weights
from tests.small_runs import small_text

pytestmark = pytest.mark.usefixtures("runs_folder")
LEVELS = ("cell", "gate", "element")


def cell(run: str, tool: str = "forward", language: str = "en", **query: object) -> AppTest:
    return opened("cell", run, language, inside=tool, **query)


def off_by(app: AppTest) -> float:
    """The largest difference to autograd that the page tells."""
    found = re.search(r"autograd: ([0-9.]+)(?:×10(⁻[⁰¹²³⁴⁵⁶⁷⁸⁹]+))?", said(app))
    assert found
    power = (found[2] or "⁰").translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return float(found[1]) * 10 ** int(power)


@LANGUAGES
@pytest.mark.parametrize("tool", ["forward", "back"])
@pytest.mark.parametrize("run", [NAMES, DIALOGUE])
def test_each_distance_answers_with_numbers(run: str, tool: str, language: str) -> None:
    for level in LEVELS:
        app = cell(run, tool, language, cell_level=level)
        assert not app.exception and not app.error
        answer = next(m.value for m in app.markdown if m.value.startswith("**"))
        assert re.search(r"\d", answer)
        assert "{" not in answer


CASES = [{"cell": kind, "layers": layers} for kind in ("rnn", "gru", "lstm") for layers in (1, 2)]
CASES += [{"cell": "rnn", "activation": "relu"}, {"cell": "rnn", "activation": "sigmoid"},
          {"cell": "lstm", "hidden": 1}, {"cell": "gru", "layers": 2, "layer_norm": True,
                                          "residual": True, "tokenizer": "words"},
          {"cell": "lstm", "softmax": "adaptive", "tokenizer": "bytes"}]


@pytest.mark.parametrize("changes", CASES, ids=lambda c: " ".join(map(str, c.values())))
def test_every_gate_layer_and_loss_of_every_cell(runs_folder: Path, changes: dict[str, object]
                                                 ) -> None:
    folder = trained(runs_folder, small_text(3_000), **{"max_steps": 4, **changes})
    before, config = weights(folder), folder.config()
    for tool in ("forward", "back"):
        app = cell(folder.id, tool)
        gates = [*(GATES[config.cell] or ("h",)), *(["s"] if config.softmax == "full" else [])]
        assert len(app.selectbox(key="cell_gate").options) == len(gates)
        for gate in gates:
            app.selectbox(key="cell_gate").select(gate)
            for level in LEVELS[1:]:
                app.segmented_control(key="cell_level").set_value(level).run()
                assert not app.exception and not app.error
        if config.layers > 1:
            app.selectbox(key="cell_layer").select("0").run()
            assert not app.exception
    for loss in ("this", "later"):
        app.session_state["cell_loss"] = loss
        app.run()
        assert off_by(app) < 1e-12
    assert weights(folder) == before


def test_a_link_restores_tool_place_gate_element_and_distance() -> None:
    app = cell(NAMES, "back", cell_place=17, cell_gate="o", cell_unit=99, cell_level="element",
               cell_loss="later")
    assert "δ of o[99] is" in said(app)
    assert app.selectbox(key="cell_gate").value == "o"
    for name, value in {"inside": "back", "cell_place": "17", "cell_gate": "o", "cell_unit": "99",
                        "cell_level": "element", "cell_loss": "later"}.items():
        assert app.query_params[name] == value


def test_the_factor_of_c_compares_totals() -> None:
    """2.34 → 1.35 on the shipped run; by the direct path alone 0.911 (autograd, by hand)."""
    app = cell(NAMES, "back")
    assert "× 0.576 as long**, from 2.34 to 1.35 in total" in said(app)
    assert "0.911" in said(app)


@pytest.mark.parametrize("query", [
    {"cell_place": 9_999}, {"cell_place": -1}, {"cell_unit": 128}, {"cell_gate": "zz"},
    {"cell_level": "<b>"}, {"cell_layer": 7}, {"cell_loss": "none"}])
def test_a_wrong_link_shows_the_default(query: dict[str, object]) -> None:
    app = cell(NAMES, **query)
    assert not app.exception and not app.error and "After “" in said(app)


def test_one_steps_through_the_text() -> None:
    app = cell(DIALOGUE, cell_place=3)
    first = said(app)
    app.button(key="cell.after").click().run()
    assert app.query_params["cell_place"] == "4" and said(app) != first
    app.button(key="cell.before").click().run()
    assert said(app) == first
    app.session_state["cell_place"] = "0"
    app.run()
    assert app.button(key="cell.before").disabled and not app.button(key="cell.after").disabled


def test_it_plays_and_stops_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnnlm_ui.cell.bench.PACE", 0.0)
    app = cell(NAMES)
    app.text_area(key="cell_text").input("ABC").run()
    app.button(key="cell.play").click().run()
    for _ in range(4):
        app.run()
    assert app.session_state["cell_place"] == "1"  # the last one whose next is known
    assert app.button(key="cell.after").disabled and not app.exception
    assert "keep.cell.playing" not in app.session_state


def test_the_unit_is_chosen_by_number_and_the_distance_by_its_name() -> None:
    app = cell(NAMES, cell_gate="i", cell_level="element")
    app.number_input(key="cell.unit_widget").set_value(7).run()
    assert "**i[7] = σ(" in said(app)
    assert app.number_input(key="cell.unit_widget").label == "Unit, from 0 to 127"
    assert ":gray[0 … 127]" in said(app)
    app.segmented_control(key="cell_level").set_value("gate").run()
    assert "gate i" in said(app)
    app.segmented_control(key="cell_entries").set_value("products").run()
    assert not app.exception


@LANGUAGES
@pytest.mark.parametrize("tool", ["forward", "back"])
@pytest.mark.parametrize("text", ["A", "", "漢", "**<b>$x$</b>**", "A" * 5_000])
def test_any_text_is_read_or_refused_in_words(text: str, tool: str, language: str) -> None:
    app = cell(NAMES, tool, language, cell_text=text)
    assert "<b>" not in said(app)
    refused = text in ("A", "漢", "**<b>$x$</b>**")  # less than two letters that it knows
    assert len(app.error) == (1 if refused else 0)
    told = translate(language, "states.text_cut", n="400")
    assert (told in said(app)) == (len(text) > 400)


def test_letters_that_the_network_never_saw_are_named(runs_folder: Path) -> None:
    app = cell(NAMES, cell_text="שלום مرحبا")  # its space is known: one, and two are needed
    assert all(letter in app.error[0].value for letter in "שלוםمرحبا")
    assert "Fewer than two characters of your text" in said(app)
    assert re.search(r"Characters in the text\W+1\b", cell(NAMES, cell_text="A").error[0].value)
    words = trained(runs_folder, small_text(3_000), tokenizer="words", max_steps=2)
    one = small_text(3_000).split()[0]
    assert re.search(r"Tokens in the text\W+1\b", cell(words.id, cell_text=one).error[0].value)


def test_blanks_alone_are_a_text_like_any_other(runs_folder: Path) -> None:
    folder = trained(runs_folder, "ab cd\n" * 500, max_steps=2)
    app = cell(folder.id)
    for blanks in ("   ", "\n\n"):
        app.text_area(key="cell_text").input(blanks).run()
        assert not app.error and app.text_area(key="cell_text").value == blanks
        assert "came" in said(app) and "the run's own text" not in said(app)
    app.text_area(key="cell_text").input(" ").run()
    assert re.search(r"Characters in the text\W+1\b", app.error[0].value)


def test_from_one_s_own_text_there_is_a_way_back() -> None:
    app = cell(NAMES)
    start = app.text_area(key="cell_text").value
    app.text_area(key="cell_text").input("a").run()
    assert len(app.error) == 1 and "the run's own text is shown" in said(app)
    app.text_area(key="cell_text").input("").run()
    assert not app.error and app.text_area(key="cell_text").value == start
    app.text_area(key="cell_text").input("HELLO").run()
    app.button(key="cell.run_text").click().run()
    assert not app.error and app.text_area(key="cell_text").value == start
    assert "cell.run_text" not in [button.key for button in app.button]


def test_a_text_of_words_ends_with_a_whole_one_and_tells_what_is_left_out(runs_folder: Path
                                                                        ) -> None:
    long = " ".join(f"word{i % 7} other" for i in range(400)) + " " + "seldom rare " * 2
    folder = trained(runs_folder, long, tokenizer="words", max_steps=2)
    app = cell(folder.id)
    assert set(app.text_area(key="cell_text").value.split()) <= set(long.split())
    app.text_area(key="cell_text").input("word1 other zebra word2").run()
    assert "zebra" in said(app) and not app.error


def test_one_unit_is_told_as_one(runs_folder: Path) -> None:
    folder = trained(runs_folder, cell="lstm", hidden=1, embedding=4, max_steps=2)
    assert "The one unit of gate f" in said(cell(folder.id, cell_level="gate"))
    assert "a sum of 5 products" in said(cell(folder.id, cell_level="gate"))
    assert "128 sums of" in said(cell(NAMES, cell_level="gate", cell_gate="f"))


@LANGUAGES
@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_an_rnn_has_no_gates(runs_folder: Path, activation: str, language: str) -> None:
    folder = trained(runs_folder, cell="rnn", activation=activation, max_steps=2)
    gate = translate(language, "cell_step.level_gate", gate="").strip().lower()
    for tool in ("forward", "back"):
        app = cell(folder.id, tool, language, cell_level="gate")
        names = app.segmented_control(key="cell_level").options
        assert translate(language, "cell_step.level_state", gate="h") in names
        answer = next(m.value for m in app.markdown if m.value.startswith("**"))
        assert gate not in answer.lower()


def test_a_bias_is_no_product(runs_folder: Path) -> None:
    """4 numbers of the embedding and 6 of h: 10 products; 90 % of their sizes by numpy."""
    folder = trained(runs_folder, cell="lstm", hidden=6, embedding=4, max_steps=2)
    unit = said(cell(folder.id, cell_level="element", cell_gate="f", cell_unit=2, cell_place=9))
    assert "6 sums of 10 products" in said(cell(folder.id, cell_level="gate", cell_gate="f"))
    assert "a sum of 10 products and the biases" in unit and "of 11 products" not in unit
    opened_run = Run(folder)
    text = default_text(opened_run)
    block = cell_step(read_cells(opened_run.model, opened_run.tokenizer, text), 0, 9).blocks["f"]
    sizes = np.sort(np.abs(np.concatenate([f.W[2] * f.v for f in block.factors])))[::-1]
    most = int((np.cumsum(sizes) < 0.9 * sizes.sum()).sum()) + 1
    assert f"The {most} largest of the 10 products make up nine tenths" in unit


@pytest.mark.parametrize("tool", ["forward", "back"])
@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_formulas_name_each_matrix_once_and_say_that_they_are_rounded(
        runs_folder: Path, kind: str, tool: str) -> None:
    folder = trained(runs_folder, cell=kind, max_steps=2)
    app = cell(folder.id, tool, cell_level="element")
    assert said(app).count(translate("en", "cell_step.rounded")) == 1
    formulas = " ".join(latex.value for latex in app.latex)
    assert "W_{hh}" not in formulas and "U" in formulas


def test_while_the_first_checkpoint_is_waited_for_nothing_is_wrong(
        monkeypatch: pytest.MonkeyPatch, runs_folder: Path) -> None:
    made = launch.create_run(tiny_config("gru"), runs_folder)
    monkeypatch.setattr("rnnlm_ui.runs.is_active", lambda state: True)
    app = cell(made.id)
    assert not app.error and translate("en", "inside.waiting") in said(app)


@LANGUAGES
def test_what_the_page_cannot_show_is_said(runs_folder: Path, language: str) -> None:
    cnn = trained(runs_folder, cell="cnn", hidden=8, receptive_field=4)
    app = cell(cnn.id, "back", language)
    assert not app.exception and not app.error
    assert translate(language, "error.run.no_state")[:12] in said(app) or "CNN" in said(app)


def test_a_tiny_network_is_begun_and_looked_at(monkeypatch: pytest.MonkeyPatch, runs_folder: Path
                                               ) -> None:
    monkeypatch.setattr("rnnlm_core.launch.start", lambda folder: folder)
    before = set(runs_folder.iterdir())
    app = cell(NAMES)
    app.button(key="cell.tiny.gru").click().run()
    made = [path for path in set(runs_folder.iterdir()) - before if (path / "config.json").exists()]
    assert len(made) == 1 and app.query_params["run"] == made[0].name
    assert '"hidden": 4' in (made[0] / "config.json").read_text("utf-8").replace('":4', '": 4')
    assert not app.exception


@LANGUAGES
def test_the_candidates_numbers_stand_under_their_letters_and_add_up(language: str) -> None:
    """a_n = W x + b_ih + r m: each number in the formula is the term above it, b_hn being in m."""
    app = opened("cell", DIALOGUE, language, cell_level="element", cell_gate="n")
    shown = next(block.value for block in app.latex if "a_n[" in block.value)
    line = shown.split(r"m[")[1].split("0.6em")[0].replace(r"\\", " ").replace("&", " ")
    numbers = [float(x) for x in re.findall(r"-?\d+\.\d+", line.split("=", 1)[1])]
    assert len(numbers) == 4 and sum(numbers[:3]) == pytest.approx(numbers[3], abs=2e-3)
    unit = int(re.search(r"a_n\[(\d+)\]", shown)[1])  # type: ignore[index]
    kept = load_weights(RunFolder(launch.models_root() / DIALOGUE).checkpoints).weights()
    candidate = kept["layers.0.bias_ih_l0"][2 * 48 + unit]  # PyTorch's order: r, z, n
    assert numbers[1] == pytest.approx(float(candidate), abs=1e-3)
