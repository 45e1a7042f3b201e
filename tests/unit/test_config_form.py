"""How the value of a setting is shown."""

import pytest

from rnnlm_ui import i18n
from rnnlm_ui.config_form import shown


@pytest.mark.parametrize("name, value, text", [
    ("layer_norm", True, "yes"), ("cell", "lstm", "LSTM"), ("learning_rate", 4e-3, "0.004"),
    ("max_characters", 1_000_000, "1,000,000"), ("seed", 123456, "123456"),
    ("corpus", "names", "names"), ("max_seconds", 90.0, "1 min 30 s"),
    ("max_seconds", 0.0, "no limit"),
    ("max_steps", 0, "no limit"), ("max_steps", 5_000, "5,000"), ("carry_length", 0, "0")])
def test_a_value_reads_the_same_wherever_it_is_named(
        name: str, value: object, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "language", lambda: "en")
    assert shown(name, value) == text
