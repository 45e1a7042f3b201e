"""What the slider of the time machine says at each moment."""

import math

import pytest

from rnnlm_core.config import RunConfig
from rnnlm_ui import i18n
from rnnlm_ui.time_machine import label
from rnnlm_ui.tokens import named


@pytest.mark.parametrize("step, text", [
    (0, "step 0, untrained"), (100, "step 100 · 2.00 bits per character"),
    (105, "step 105 · ≈ 2.00 bits per character"), (160, "step 160"),
    (200, "step 200 · 1.50 bits per character (whole validation)")])
def test_a_moment_has_its_loss_and_the_last_one_the_exact_one(
        step: int, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "language", lambda: "en")
    bit = math.log(2)
    assert label(step, {100: 2 * bit, 190: 1.75 * bit}, named(RunConfig()),
                 (200, 1.5 * bit)) == text
