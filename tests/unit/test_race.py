"""A race of cells: what decides an answer, how often it is right, merging, and what may be said."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnnlm_core.config import RunConfig
from rnnlm_core.data.generated import teaching
from rnnlm_core.data.tokenizer import CharTokenizer
from rnnlm_core.errors import BadInput
from rnnlm_core.insight.answers import ByLag, answers_by_lag, origins
from rnnlm_core.insight.gradients import LagProfile, lag_curve
from rnnlm_core.insight.race import (
    Moment,
    Reach,
    Standing,
    at_step,
    course,
    farthest,
    reach_of,
    shared_steps,
    verdict,
)
from rnnlm_core.records import Status
from rnnlm_core.run.history import Entry
from rnnlm_ui.gradients.race_album import spread_out
from rnnlm_ui.gradients.race_words import finding, standing_line


# -- what decides an answer -----------------------------------------------------------------------
@pytest.mark.parametrize(("corpus", "text", "pairs"), [
    ("recall:6", "b0110?b\nc1001?c\n", [(6, 0), (14, 8)]),
    ("recall:6", "110?b\nc1001?c\n", [(12, 6)]),  # the first line is cut: its letter is not there
    ("copy", "acd|acd\nb|b\n", [(4, 0), (5, 1), (6, 2), (10, 8)]),
    ("dyck2", "([])\n", [(2, 1), (3, 0)]),
    ("dyck:1", "(())\n", []),  # one kind: nothing to tell apart
    ("agreement", "the dogs of the cat are old.\nthe boy is old.\n", [(20, 7), (37, 35)]),
    ("names", "LATIN SMALL\n", []),
])
def test_the_character_that_settles_a_decision(corpus: str, text: str,
                                               pairs: list[tuple[int, int]]) -> None:
    assert [(d.at, at) for d, at in origins(corpus, text)] == pairs
    assert all(text[d.at] == d.right for d, _ in origins(corpus, text))


def test_origins_hold_in_the_generated_texts() -> None:
    closes = {"(": ")", "[": "]", "{": "}", "<": ">"}
    for corpus in ("recall:20", "copy", "dyck:3", "agreement"):
        made = teaching(corpus)
        assert made is not None
        text = made.text()[:4_000]
        found = origins(corpus, text)
        assert len(found) > 20
        for decision, at in found:
            if corpus.startswith("dyck"):
                assert closes[text[at]] == decision.right
            elif corpus == "agreement":
                assert (text[at] == "s") == (decision.right == "a")
            else:
                assert text[at] == decision.right
                assert corpus == "copy" or decision.at - at == 20


# -- how often it is right ------------------------------------------------------------------------
class Remembers:
    """Says again what it read `back` tokens ago; of less it has no opinion."""

    def __init__(self, back: int, vocabulary: int) -> None:
        self.back, self.vocabulary = back, vocabulary

    def read(self, ids: torch.Tensor, carried: Any = None) -> tuple[torch.Tensor, Any]:
        state = torch.zeros(*ids.shape, self.vocabulary)
        if ids.shape[1] >= self.back:
            state[:, -1] = torch.nn.functional.one_hot(ids[:, -self.back], self.vocabulary).float()
        return state, ()

    def output(self, h: torch.Tensor) -> torch.Tensor:
        return h


def asked(corpus: str, back: int, text: str | None = None) -> ByLag:
    made = teaching(corpus)
    text = text or made.text()[:12_000]  # type: ignore[union-attr]
    tokenizer = CharTokenizer.fit(text)
    return answers_by_lag(Remembers(back, tokenizer.size), tokenizer, text,  # type: ignore[arg-type]
                          RunConfig(corpus=corpus))


def test_a_network_that_remembers_is_right_from_the_distance_on() -> None:
    found = asked("recall:12", 12)
    assert (found.kind, found.distance, found.chance) == ("fed_decisions", 12, 0.25)
    assert dict(zip(found.at, found.right, strict=True)) == {
        1: 0, 2: 0, 3: 0, 5: 0, 10: 0, 11: 0, 12: 1, 20: 1, 50: 1, 128: 1}
    assert found.whole == 1


def test_by_distance_only_what_stands_where_it_looks_is_right() -> None:
    found = asked("copy", 5)  # the letter five back: that of a word of four letters
    assert found.kind == "distance" and found.chance == 0.25
    bins = {round(x): share for x, share in zip(found.at, found.right, strict=True)}
    # distances 4 and 5 share a bin, in the proportion 3 : 4 of the letters of such words
    assert bins.pop(max(bins, key=bins.__getitem__)) > 4 / 7 - 0.1
    assert len(bins) >= 3 and max(bins.values()) < 0.45  # elsewhere it is right by chance alone
    assert found.whole == pytest.approx(float(found.right @ found.cases) / found.cases.sum())


def test_of_any_other_text_it_is_the_next_token() -> None:
    text = "abcdefgh" * 100
    found = asked("text:none", 8, text)  # a period of eight: the one eight back comes again
    assert found.kind == "fed" and found.distance is None
    assert dict(zip(found.at, found.right, strict=True))[50] == 1
    assert found.right[0] == 0  # without an opinion the first id is the first choice: unknown
    assert found.chance == pytest.approx(1 / 8)


def test_a_text_that_is_too_short_is_refused() -> None:
    with pytest.raises(BadInput) as caught:
        asked("text:none", 2, "ab" * 50)
    assert caught.value.code == "text.too_short" and caught.value.values["value"] == 100


# -- merging --------------------------------------------------------------------------------------
def profile(cell: str, rate: float, c: float | None = None, lags: int = 60) -> LagProfile:
    def curve(rate: float) -> Any:
        return lag_curve(np.arange(lags + 1.0)[:, None] * math.log(rate) * np.ones((1, 4)))

    return LagProfile(cell, 0, 4, curve(rate), None if c is None else curve(c))  # type: ignore[arg-type]


@given(st.lists(st.sets(st.integers(0, 50)), max_size=3))
def test_shared_steps_are_those_of_two_racers_and_none_is_lost(kept: list[set[int]]) -> None:
    shared, racers = shared_steps(kept), [steps for steps in kept if steps]
    assert shared == sorted(step for step in range(51) if sum(step in s for s in racers)
                            >= (1 if len(racers) == 1 else 2))
    if len(racers) > 1:  # another one starts
        assert set(shared_steps([*kept, {0}])) >= set(shared)


def test_a_moment_is_found_by_its_step_and_the_newest_without() -> None:
    moments = {step: Moment(step, None, None) for step in (16, 0, 22)}
    assert at_step(moments, None) is moments[22] and at_step(moments, 0) is moments[0]
    assert at_step(moments, 5) is None and at_step({}, None) is None


def test_a_course_is_in_order_and_leaves_out_what_has_no_numbers() -> None:
    # ρ = 0.5: 0.5^7 = 0.0078; 0.8: 0.8^21 = 0.0092; 0.99 stays above 1 % for all 60 lags
    moments = [Moment(22, profile("lstm", 0.8, 0.99), None), Moment(30, None, None),
               Moment(0, profile("lstm", 0.5, 0.8), None)]
    found = course(moments)
    assert found.steps == [0, 22]
    assert found.h == [Reach(7), Reach(21)] and found.c == [Reach(21), Reach(60, beyond=True)]


def test_the_farther_of_h_and_c_counts() -> None:
    assert farthest(profile("lstm", 0.5, 0.8)) == Reach(21)
    assert farthest(profile("gru", 0.8)) == Reach(21)
    assert farthest(profile("lstm", 0.99, 0.5)) == Reach(60, beyond=True)
    assert reach_of(profile("rnn", 0.5).h) == Reach(7)


@given(st.integers(0, 40))
def test_moments_are_measured_in_an_order_that_leaves_none_out(count: int) -> None:
    kept = [Entry(step, f"{step}", f"{step}", False) for step in range(count)]
    order = spread_out(kept)
    assert sorted(e.step for e in order) == list(range(count))
    assert [e.step for e in order[:2]] == list(dict.fromkeys([count - 1, 0]))[:count]


# -- who is ahead ---------------------------------------------------------------------------------
def answers(share: float, cases: int = 256, kind: str = "fed_decisions") -> ByLag:
    return ByLag(kind, np.array([20.0]), np.array([share]), np.array([cases]), 0.25, 20)  # type: ignore[arg-type]


def standing(cell: str, lags: int, share: float | None = None, loss: float | None = None,
             beyond: bool = False) -> Standing:
    return Standing(cell, Reach(lags, beyond), Reach(7),  # type: ignore[arg-type]
                    None if share is None else answers(share), loss)


def test_near_horizons_are_no_order() -> None:
    assert Reach(7).like(Reach(8)) and not Reach(7).like(Reach(9))
    assert Reach(60).like(Reach(66)) and not Reach(60).like(Reach(67))
    assert Reach(60, True).like(Reach(60, True)) and not Reach(60).like(Reach(60, True))
    said = verdict([standing("rnn", 20), standing("gru", 21), standing("lstm", 10)])
    assert said.farthest == ("rnn", "gru")


def test_shares_that_chance_explains_are_no_order() -> None:
    # of 256, the standard error of a difference at .5 is √(2·.25/256) = .0442: two are .088
    assert verdict([standing("rnn", 9, 0.50), standing("gru", 9, 0.58)]).learnt == ("rnn", "gru")
    assert verdict([standing("rnn", 9, 0.50), standing("gru", 9, 0.60)]).learnt == ("gru",)


def test_guessing_is_not_learning() -> None:
    # √(.25·.75/256) = .0271: .30 is within two of them, .31 is not
    assert verdict([standing("rnn", 9, 0.30), standing("gru", 9, 0.22)]).nobody
    said = verdict([standing("rnn", 9, 0.31), standing("gru", 9, 0.22)])
    assert not said.nobody and said.learnt == ("rnn",)


def test_where_nothing_is_asked_the_loss_says_who_learnt() -> None:
    said = verdict([standing("rnn", 9, loss=1.40), standing("gru", 30, loss=1.50)])
    assert said.learnt == ("rnn",) and said.farthest == ("gru",) and not said.agree


def sentence(*standings: Standing) -> str:
    return finding(standings, RunConfig(corpus="recall:20")).replace("\N{NO-BREAK SPACE}", " ")


def test_the_sentence_says_when_reach_alone_did_not_decide() -> None:
    assert sentence(standing("rnn", 59, 0.76), standing("gru", 27, 1.0),
                    standing("lstm", 73, 0.61)) == (
        "**Farthest back: LSTM**, in characters: LSTM 73 (untrained 7), RNN 59 (untrained 7), "
        "GRU 27 (untrained 7). What must be known stands 20 characters back: right GRU 100 %, "
        "RNN 76 %, LSTM 61 %; guessing gives 25 %. Reach alone does not decide: LSTM reaches "
        "farther, GRU learnt more. One seed each: another start may turn the order.")


def test_the_sentence_claims_nothing_where_all_are_alike() -> None:
    said = sentence(*(standing(cell, 9, 0.25) for cell in ("rnn", "gru", "lstm")))
    assert said.startswith("**No clear order in how far back they reach**")
    assert "none has learnt it yet" in said and "Reach alone" not in said


def test_no_name_is_preferred() -> None:
    """The same figures under other names give the same sentence with the names exchanged."""
    figures = [(59, 0.76), (27, 1.0), (73, 0.61)]
    turned = {"RNN": "LSTM", "GRU": "RNN", "LSTM": "GRU"}
    one = sentence(*(standing(c.lower(), *f) for c, f in zip(turned, figures, strict=True)))
    other = sentence(*(standing(c.lower(), *f) for c, f in zip(turned.values(), figures,
                                                               strict=True)))
    assert re.sub("RNN|GRU|LSTM", lambda name: turned[name[0]], one) == other


def test_a_single_racer_is_not_said_to_lead_by_luck() -> None:
    assert "seed" not in sentence(standing("gru", 20, 0.9))
    assert sentence() == "**The three are about to start.** Which one will reach farthest back?"


def test_how_a_racer_stands() -> None:
    @dataclasses.dataclass
    class Facts:
        config: RunConfig

    @dataclasses.dataclass
    class Row:
        facts: Facts

    row: Any = Row(Facts(RunConfig(cell="gru")))
    assert standing_line(row, Status("queued")) == ":green[**GRU**] step 0, waits for a core"
    failed = Status("diverged", step=12, error={"code": "run.no_numbers", "values": {}})
    assert standing_line(row, failed).startswith(":green[**GRU**] step 12, diverged: ")


# -- what may be ranked ---------------------------------------------------------------------------
def spread(cell: str, lags: int, low: int, high: int, **more: Any) -> Standing:
    return Standing(cell, Reach(lags, False, (low, high)), None, None, 1.0,  # type: ignore[arg-type]
                    **{"step": 100, "even": 2.0, **more})


def test_where_other_windows_would_turn_the_order_there_is_none() -> None:
    assert Reach(41, False, (10, 41)).like(Reach(60, False, (36, 63)))
    assert not Reach(30, False, (10, 35)).like(Reach(60, False, (36, 63)))
    said = sentence(spread("rnn", 35, 10, 41), spread("gru", 60, 36, 63))
    assert said.startswith("**No clear order in how far back they reach**, in characters: "
                           "GRU 60 (36 to 63), RNN 35 (10 to 41).")
    said = sentence(spread("rnn", 20, 10, 30), spread("gru", 60, 36, 63))
    assert said.startswith("**Farthest back: GRU**")


def test_the_horizon_spreads_as_far_as_windows_drawn_again_say() -> None:
    draw = np.random.default_rng(3)
    rates = draw.uniform(0.75, 0.95, 64)
    logs = np.arange(101.0)[:, None] * np.log(rates)
    low, high = lag_curve(logs).horizon_spread
    # by hand: Σ ln ρ / n of windows drawn again; 1 % is left from ln 0.01 / that on
    again = [math.floor(math.log(0.01) / np.log(draw.choice(rates, 64)).mean()) + 1
             for _ in range(4_000)]
    assert (low, high) == pytest.approx(tuple(np.quantile(again, [0.1, 0.9])), abs=1)
    assert low < lag_curve(logs).horizon < high  # type: ignore[operator]
    same = np.arange(61.0)[:, None] * math.log(0.8) * np.ones((1, 4))
    assert lag_curve(same).horizon_spread == (21, 21)
    assert lag_curve(same[:10]).horizon_spread == (10, 10)  # beyond what was measured


def test_a_network_worse_than_guessing_evenly_is_not_ranked() -> None:
    broken = spread("rnn", 99, 99, 99, even=math.log(9))
    broken = dataclasses.replace(broken, loss=25.0)
    said = sentence(broken, spread("gru", 20, 19, 21))
    assert said.startswith("**Farthest back: GRU**") and "RNN 99" not in said
    # 25 / ln 2 and log2 9
    assert "**RNN 36.07 bits per character: diverged**, for guessing evenly gives 3.17" in said
    alone = sentence(broken, dataclasses.replace(broken, cell="lstm", loss=math.inf))
    assert alone.startswith("**RNN 36.07, LSTM ∞ bits per character: diverged**")
    assert dataclasses.replace(broken, loss=math.nan).broken
    assert not dataclasses.replace(broken, loss=None).broken


def test_moments_of_another_kind_are_told_and_the_untrained_not_compared() -> None:
    said = sentence(spread("rnn", 20, 19, 21, step=4_000), spread("gru", 60, 58, 63, step=1_200))
    assert "The moments differ: RNN 4,000, GRU 1,200 steps." in said
    said = sentence(spread("rnn", 90, 89, 91, step=0), spread("gru", 60, 58, 63))
    assert "RNN has not learned yet and is not compared." in said
    assert said.startswith("**Farthest back: GRU**") and "The moments differ" not in said
    assert "not learned yet" not in sentence(*(spread(c, 9, 8, 9, step=0) for c in ("rnn", "gru")))
