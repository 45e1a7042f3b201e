"""Every error has a sentence that can be filled in, and every code in use is one of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from rnnlm_core import errors
from rnnlm_core.config import FIELDS
from rnnlm_core.errors import SENTENCES, BadInput, ConfigError, CorpusError, Problem, RunError

ROOT = Path(__file__).resolve().parents[2]
RAISED = {name for name, kind in vars(errors).items()
          if isinstance(kind, type) and issubclass(kind, errors.UnrollError)} | {"Problem"}


def placeholders(code: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(SENTENCES[code]) if name is not None}


def calls() -> Iterator[tuple[str, str, set[str] | None]]:
    """Where, code, and the values given (None where they are computed) of each error in use."""
    for path in [*ROOT.glob("rnnlm_*/**/*.py"), *ROOT.glob("pages/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if name not in RAISED or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            where, given = f"{path.name}:{node.lineno}", {k.arg for k in node.keywords}
            if len(node.args) > 1:
                keys = getattr(node.args[1], "keys", None)
                given = {k.value for k in keys} if keys else None
            yield where, node.args[0].value, None if given is None or None in given else given


@pytest.mark.parametrize("code", SENTENCES)
def test_every_sentence_can_be_filled_in(code: str) -> None:
    sentence = str(Problem(code, dict.fromkeys(placeholders(code), "VALUE")))
    assert sentence.count("VALUE") >= len(placeholders(code))
    assert sentence.endswith(".") and "{" not in sentence


def test_every_code_in_use_has_its_sentence_and_its_values() -> None:
    used = list(calls())
    assert len(used) > 30
    assert [u for u in used if u[1] not in SENTENCES] == []
    assert [u for u in used if u[2] is not None and not (
        # the name of a setting need not be given: it stands for itself
        placeholders(u[1]) - set(FIELDS) <= u[2] <= placeholders(u[1]))] == []


def test_an_error_is_its_sentence() -> None:
    error = CorpusError("corpus.too_short", value=3, limit=32)
    assert str(error) == ("The text has 3 tokens to train on; one sequence needs 32. "
                          "Add text or make the sequence length smaller.")
    assert (error.code, error.values) == ("corpus.too_short", {"value": 3, "limit": 32})
    assert isinstance(error, BadInput) and error.exit_code == 2
    assert errors.Diverged("run.diverged", step=3, loss="2.1").exit_code == 3


def test_values_with_braces_are_shown_as_they_are() -> None:
    assert str(RunError("run.missing", folder="{x}{0}")).startswith("There is no run in {x}{0}.")


def test_a_config_error_tells_all_but_has_the_first_code() -> None:
    error = ConfigError([Problem("config.no_stop"), Problem("config.not_json")])
    assert error.code == "config.no_stop"
    assert str(error) == ("Set max_steps or max_seconds above 0, so that the run can end. "
                          + SENTENCES["config.not_json"])


def test_a_disk_that_refuses_is_told_by_its_reason() -> None:
    assert errors.storage_error(OSError(28, "No space left on device")).values == {
        "reason": "No space left on device"}
    assert errors.storage_error(PermissionError()).values == {"reason": "PermissionError"}
