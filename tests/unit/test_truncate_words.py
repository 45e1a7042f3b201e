"""How the Truncation tool writes sizes and angles."""

from __future__ import annotations

import pytest

from rnnlm_core.insight.truncation import Bias
from rnnlm_ui.gradients.truncate_words import degrees, size_text


@pytest.mark.parametrize(("share", "text"), [
    (1.7, "170 %"), (0.02, "2 %"), (0.0021, "0.21 %"), (3e-4, "0.03 %"), (2.6e-5, "3·10⁻⁵"),
    (4e-123, "4·10⁻¹²³"), (1e-301, "< 10⁻³⁰⁰"), (0.0, "< 10⁻³⁰⁰")])
def test_a_share_is_told_down_to_where_floats_end(share, text):
    assert size_text(share).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(("angle", "text"), [
    (0.0, "< 0.1°"), (0.1, "0.1°"), (9.16, "9.2°"), (30.6, "31°"), (90.0, "90°")])
def test_an_angle_has_the_digits_it_can_carry(angle, text):
    assert degrees(Bias(1.0, angle, 1.0, 0.0)) == text
