"""Whatever is written is read back: settings, tokens, records."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlm_core.config import FIELD_TYPES, FIELDS, RunConfig
from rnnlm_core.data.cleaning import REQUESTS, clean, first_changes
from rnnlm_core.data.tokenizer import (
    KINDS,
    UNKNOWN,
    UNKNOWN_ID,
    BpeTokenizer,
    ByteTokenizer,
    CharTokenizer,
    ChineseTokenizer,
    GraphemeTokenizer,
    WordTokenizer,
    from_json,
)
from rnnlm_core.records import Event, StepMetrics


def values_of(name: str) -> st.SearchStrategy[Any]:
    kind, limits = FIELD_TYPES[name], FIELDS[name].metadata
    if choices := get_args(kind):
        return st.sampled_from(choices)
    if kind is bool:
        return st.booleans()
    if name == "vectors":
        return st.sampled_from(["", "0" * 64])
    if kind is str:
        return st.text(min_size=1).filter(str.strip)
    numbers = st.integers if kind is int else st.floats
    return numbers(limits["low"], limits["high"])


def consistent(config: RunConfig) -> RunConfig:
    """The same without settings that contradict each other."""
    changes: dict[str, Any] = {"max_steps": config.max_steps or 1}
    if config.windows == "random":
        changes |= {"carry_length": 0, "backprop_length": 0}
    if config.tie_weights:
        changes |= {"embedding": 64, "hidden": 64, "softmax": "full", "freeze_embedding": False}
    if config.embedding_source == "file" and not config.vectors:
        changes |= {"embedding_source": "ppmi"}
    if config.embedding == 0 and not config.tie_weights:
        changes |= {"embedding_source": "scratch"}
    if config.softmax == "adaptive" or config.loss == "mse":
        changes |= {"label_smoothing": 0.0}
    if config.softmax == "adaptive":
        changes |= {"loss": "cross_entropy"}
    if config.cell != "rnn":
        changes |= {"initialisation": "pytorch"}
    marks = 0 if config.marks == "none" else 2
    changes |= {"max_vocabulary": max((256 if config.tokenizer == "bpe" else 2) + marks,
                                      config.max_vocabulary)}
    if config.division == "lines" and config.marks == "paragraphs":
        changes |= {"marks": "lines"}
    if config.validation_share == 0:
        changes |= {"target_loss": 0.0, "patience": 0}
    return replace(config, **changes)


CONFIGS = st.builds(RunConfig, **{n: values_of(n) for n in FIELDS}).map(consistent)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))  # no lone surrogates; astral ones too


@given(CONFIGS)
def test_settings_survive_json_and_the_url(config: RunConfig) -> None:
    assert RunConfig.from_json(config.to_json()) == config
    assert RunConfig.from_query(config.to_query()) == config
    assert set(config.to_query()) == config.changed_fields()


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)),
       st.sampled_from(list(FIELDS)))
def test_any_json_is_settings_or_a_list_of_problems(value: Any, name: str) -> None:
    for text in (json.dumps(value), json.dumps({name: value})):
        try:
            assert RunConfig.from_json(text).problems() == []
        except Exception as error:
            assert type(error).__name__ == "ConfigError" and str(error)


# gaps, accents, Thai, right to left, a family, a flag, Chinese words, what looks like a mark
PARTS = [*" \t\n\u00a0\u2028\x1c\r'’-aé\u0301你ก1٣½.‹", "ที่นี่", "שָׁלוֹם", "مرحبا", "\u202e", "北京大学",
         "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "<|endoftext|>",
         "<unk>"]
SPACED = st.lists(st.sampled_from(PARTS) | st.characters(exclude_categories=["Cs"])).map(
    "".join).filter(lambda text: bool(set(text) - {UNKNOWN}))
PATIENT = settings(deadline=None)  # the first example loads a library or a dictionary
HALVES = st.sampled_from(["\ud83d", "\ude00", "\udcff"])  # of characters, as JSON can give them


@PATIENT
@given(st.sampled_from(list(KINDS)), st.lists(SPACED | HALVES, min_size=1).map("".join))
def test_tokens_survive(kind: str, text: str) -> None:
    text = text.replace(UNKNOWN, "x")
    tokenizer = KINDS[kind].fit(text)
    ids = tokenizer.encode(text)
    if kind in ("bytes", "bpe"):  # half a character has no bytes
        text = text.encode("utf-8", "replace").decode()
    assert tokenizer.decode(ids) == text
    again = from_json(tokenizer.to_json())
    assert again == tokenizer
    assert again.encode(text).tolist() == ids.tolist()
    read, owners = tokenizer.owners(ids)
    assert read == text and len(owners) == len(text)
    assert sorted(owners) == owners.tolist() and set(owners) <= set(range(len(ids)))


@PATIENT
@given(SPACED)
def test_each_kind_counts_what_it_says(text: str) -> None:
    text = text.replace(UNKNOWN, "x")
    assert CharTokenizer.fit(text).size == len(set(text) | {UNKNOWN})
    assert len(CharTokenizer.fit(text).encode(text)) == len(text)
    assert ByteTokenizer().encode(text).tolist() == list(text.encode())
    for kind in (WordTokenizer, GraphemeTokenizer, ChineseTokenizer):
        assert "".join(kind.divide(text)) == text


@PATIENT
@given(SPACED, TEXTS)
def test_bpe_writes_what_it_never_saw(seen: str, text: str) -> None:
    tokenizer = BpeTokenizer.fit(seen, 300)
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.decode(tokenizer.known(text)) == text


@given(st.binary())
def test_any_bytes_stream_as_python_decodes_them(data: bytes) -> None:
    stream = ByteTokenizer().stream()
    shown = "".join([stream.push(i) for i in data]) + stream.finish()
    assert shown == data.decode("utf-8", "replace")
    assert len(data) - stream.invalid == len(data.decode("utf-8", "ignore").encode())


@given(SPACED, TEXTS)
def test_what_was_never_seen_is_unknown(seen: str, text: str) -> None:
    tokenizer = CharTokenizer.fit(seen)
    known = set(seen) - {UNKNOWN}
    assert tokenizer.decode(tokenizer.encode(text)) == "".join(
        c if c in known else UNKNOWN for c in text)
    assert (tokenizer.encode(text) == UNKNOWN_ID).tolist() == [c not in known for c in text]
    assert list(tokenizer.unknown_in(text)) == [
        c for i, c in enumerate(text) if c not in known and c not in text[:i]]


@PATIENT
@given(SPACED, TEXTS)
def test_unknown_words_and_nothing_else_are_lost(seen: str, text: str) -> None:
    for kind in (WordTokenizer, GraphemeTokenizer, ChineseTokenizer):
        known = set(kind.divide(seen)) - {UNKNOWN}
        tokenizer = kind.fit(seen)
        assert tokenizer.decode(tokenizer.encode(text)) == "".join(
            piece if piece in known else UNKNOWN for piece in kind.divide(text))


@given(st.text(st.characters()
               | st.sampled_from("\r\n \t\u00a0\ufeff\u0301e\ud800\x00\u1100\u1161，ﬁｶﾞ")),
       st.sets(st.sampled_from(REQUESTS)).map(tuple))
def test_cleaning_twice_changes_nothing_more(text: str, requests: tuple[str, ...]) -> None:
    once, counted = clean(text, requests)
    again, nothing = clean(once, requests)
    assert again == once
    assert {c.step for c in first_changes(text, requests)} == {
        name for name, count in vars(counted).items() if count}
    assert not any(vars(nothing).values())
    assert all(count >= 0 for count in vars(counted).values())
    assert (once != text) == any(vars(counted).values())
    once.encode()  # no lone surrogates are left


@given(st.integers(0), st.floats() | st.none(), st.floats())
def test_records_are_valid_json_whatever_the_numbers(
        step: int, loss: float | None, norm: float) -> None:
    line = StepMetrics(step, 1, 0.0, loss, gradient_norm=norm).to_json()
    values = json.loads(line, parse_constant=lambda name: pytest_fail(name))
    finite = loss is not None and abs(loss) < float("inf")
    assert values["loss"] == (loss if finite else None)
    assert "\n" not in Event(1, 0.0, "x", {"text": "a\nb\u2028"}).to_json()


def pytest_fail(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")
