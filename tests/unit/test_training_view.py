"""The answer sentence of Train: what may be claimed, and when."""

from types import SimpleNamespace

import numpy as np
import pytest

from rnnlm_core.errors import ConfigError
from rnnlm_core.figures.training import level
from rnnlm_core.records import Status, Yardstick
from rnnlm_ui import i18n, session, train_finding, training_view
from rnnlm_ui.tokens import Tokens

UNIFORM, UNIGRAM, KN2 = (Yardstick("uniform", 3.0, 3.0), Yardstick("unigram", 2.0, 2.0),
                         Yardstick("kn2", 1.0, 1.0))


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setattr(i18n, "language", lambda: "en")


def sentence(loss, yardsticks, **status):
    seconds = {"step": np.array([1.0, 5.0]), "seconds": np.array([0.5, 2.5])}
    tail = SimpleNamespace(validation=lambda: (np.array([5.0]), np.array([loss])),
                           column=seconds.__getitem__)
    return train_finding.finding(Status("running", **status), tail, yardsticks, "nats")


def test_where_a_loss_stands():
    assert sentence(1.25, [UNIFORM, UNIGRAM, KN2]) == (
        "**1.25 nats per character** on validation text. "
        "It has passed unigram; 0.25 to go to KN 2.")
    assert "every yardstick, the hardest being KN 2 (at step 5, after 2.5 s)" in sentence(
        0.5, [UNIFORM, UNIGRAM, KN2])


def test_the_best_possible_is_no_yardstick_to_pass():
    best = Yardstick("best", 0.5, 0.5)
    assert sentence(1.25, [UNIFORM, UNIGRAM, KN2, best]).endswith(
        "0.25 to go to KN 2. The best possible is 0.50 nats per character: 0.750 to go.")
    near = sentence(0.501, [UNIFORM, UNIGRAM, KN2, best])
    assert "every yardstick, the hardest being KN 2" in near and "0.001 to go" in near
    for loss in (0.5004, 0.5, 0.49):  # below it only by luck
        assert sentence(loss, [UNIFORM, UNIGRAM, KN2, best]).endswith(
            "That is the best possible, 0.50 nats per character.")
    assert "not computed yet" in sentence(1.5, [UNIFORM, UNIGRAM, best])


def test_the_best_possible_is_drawn_through_and_never_ticked_off():
    yardsticks = [UNIFORM, KN2, Yardstick("best", 0.5, 0.5)]
    lines = [training_view._line(y, 0.4, False, lambda nats: nats) for y in yardsticks]
    assert [(line.name, line.passed, line.floor) for line in lines] == [
        ("uniform", True, False), ("KN 2", True, False), ("best possible", False, True)]
    assert [level(line)["line"]["dash"] for line in lines] == ["dash", "dash", "solid"]


def test_nothing_is_claimed_of_n_grams_that_are_not_computed():
    said = sentence(1.5, [UNIFORM, UNIGRAM])

    assert "every yardstick" not in said
    assert "not computed yet" in said


def test_a_diverged_run_has_passed_nothing():
    tail = SimpleNamespace(validation=lambda: (np.array([1.0]), np.array([1.5])))
    said = train_finding.finding(Status("diverged"), tail, [UNIFORM, UNIGRAM], "nats")

    assert said == "**1.50 nats per character** on validation text."


def test_a_link_with_one_bad_setting_keeps_the_others():
    config, error = session.settings_of(
        {"corpus": "stories_zh", "cell": "gru", "hidden": "9999", "other": "x"})

    assert (config.corpus, config.cell, config.hidden) == ("stories_zh", "gru", 256)
    assert isinstance(error, ConfigError) and "hidden is 9999" in str(error)


def test_xz_is_passed_on_the_whole_text_alone():
    """It is known of the whole text alone, so a loss on the sample has no place beside it."""
    yardsticks = [UNIFORM, UNIGRAM, Yardstick("xz", 1.5, 1.5)]
    assert "It has passed unigram" in sentence(1.25, [*yardsticks, KN2])
    assert "It has passed xz (file compression)" in sentence(
        1.25, [*yardsticks, KN2], final_validation=1.25)


def test_what_can_no_longer_be_written_is_level_with_the_next():
    """0.004 and nothing are both written 0.00."""
    for loss in (KN2.live, KN2.live + 0.004):
        said = sentence(loss, [UNIFORM, UNIGRAM, KN2])
        assert "0.00" not in said and "is level with" in said and "It has passed unigram" in said
    assert "level" not in sentence(KN2.live + 0.006, [UNIFORM, UNIGRAM, KN2])
    alone = sentence(KN2.live, [KN2, Yardstick("uniform", KN2.live, KN2.live)])
    assert "level with" in alone and "passed" not in alone


@pytest.mark.parametrize("language, none", [("en", "bits per character: none, for 15.0 % of the"),
                                            ("zh", "没有每字符比特数：15.0 % 的词元是")])
def test_a_lossy_tokenizer_has_no_bits_a_character(monkeypatch, language, none):
    monkeypatch.setattr(i18n, "language", lambda: language)
    assert none in Tokens("token", "tokens", 3.5, 0.15).with_bits("2.00 nats", 2.0)
    exact = Tokens("token", "tokens", 2.0, 0.0).with_bits("2.00 nats", 2.0)
    assert "1.44" in exact and none not in exact  # 2 / ln 2 / 2
