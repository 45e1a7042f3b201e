"""`RunConfig`: the one thing a user makes.

The run folder, the page's URL, a shipped model and a test case are all serialisations of it. The
table of fields below is the only place that knows defaults, limits and groups: the form, the shell
options, the URL and the checks are derived from it.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_type_hints

from rnnlm_core.errors import ConfigError, Problem

SCHEMA = 2
BYTES = 256  # the pieces that byte-level BPE begins with
MARKS = 2  # start and end of a document
_SOURCES = "names, dialogue2, hf:OWNER/NAME, text:SHA256"  # what `corpus` may look like
_TABLE = re.compile(r"[0-9a-f]{64}|hf:[^\s:][^\r\n]{0,500}|")  # what `vectors` may look like

Division = Literal["contiguous", "lines", "paragraphs", "own"]
Tokenizer = Literal["characters", "graphemes", "bytes", "words", "chinese", "bpe"]
Marks = Literal["none", "lines", "paragraphs"]
Cell = Literal["rnn", "gru", "lstm", "cnn"]
Activation = Literal["tanh", "relu", "sigmoid"]
Initialisation = Literal["pytorch", "xavier", "orthogonal", "identity"]
EmbeddingSource = Literal["scratch", "ppmi", "skipgram", "file"]
Softmax = Literal["full", "adaptive"]
Windows = Literal["carried", "random"]
Optimizer = Literal["sgd", "momentum", "rmsprop", "adam", "adamw"]
Schedule = Literal["cosine", "constant", "step", "one_cycle", "range"]
Loss = Literal["cross_entropy", "mse"]
Device = Literal["cpu", "cuda", "mps"]
Precision = Literal["auto", "fp32", "bf16"]


def _setting(default: Any, group: str, low: float | None = None, high: float | None = None) -> Any:
    return field(default=default, metadata={"group": group, "low": low, "high": high})


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides a run. Immutable; use `dataclasses.replace` for a changed copy.

    Sizes count elements, `max_seconds` counts training time without pauses, losses are in nats.
    The defaults train the default corpus past every n-gram in two minutes on one core.
    """

    # text: a built-in name, `hf:OWNER/NAME[:CONFIG[:SPLIT[:COLUMN]]]`, or `text:SHA256` of own text
    corpus: str = _setting("names", "text")
    max_characters: int = _setting(1_000_000, "text", 100, 50_000_000)
    validation_share: float = _setting(0.1, "text", 0.0, 0.5)
    test_share: float = _setting(0.0, "text", 0.0, 0.4)  # scored once, at the very end
    division: Division = _setting("contiguous", "text")  # own: as the dataset comes divided
    gap: int = _setting(0, "text", 0, 100_000)  # characters left out between contiguous parts
    tokenizer: Tokenizer = _setting("characters", "text")
    max_vocabulary: int = _setting(10_000, "text", 2, 50_000)  # rarer ones become `<unk>`
    min_frequency: int = _setting(1, "text", 1, 1_000)  # in the training part
    marks: Marks = _setting("none", "text")  # what stands between a start and an end mark
    # network
    cell: Cell = _setting("lstm", "network")
    activation: Activation = _setting("tanh", "network")  # of the vanilla RNN only
    embedding: int = _setting(64, "network", 0, 1024)  # 0: one-hot input, no embedding
    hidden: int = _setting(256, "network", 1, 2048)
    layers: int = _setting(1, "network", 1, 4)  # of the recurrent cells
    receptive_field: int = _setting(64, "network", 2, 2048)  # of the CNN only, tokens
    input_dropout: float = _setting(0.1, "network", 0.0, 0.9)
    layer_dropout: float = _setting(0.1, "network", 0.0, 0.9)  # between layers
    output_dropout: float = _setting(0.1, "network", 0.0, 0.9)
    variational_dropout: bool = _setting(False, "network")  # one mask for all steps of a window
    tie_weights: bool = _setting(False, "network")  # output weights = embedding
    layer_norm: bool = _setting(False, "network")  # of each layer's output
    residual: bool = _setting(False, "network")  # around each layer but the first
    softmax: Softmax = _setting("full", "network")
    # start
    initialisation: Initialisation = _setting("pytorch", "start")
    gain: float = _setting(1.0, "start", 0.0, 5.0)  # of W_hh; not of PyTorch's own start
    forget_bias: float = _setting(1.0, "start", -5.0, 10.0)  # of the LSTM only (Gers 2000)
    update_bias: float = _setting(0.0, "start", -5.0, 10.0)  # of the GRU only: z's bias
    chrono_steps: int = _setting(0, "start", 0, 10_000)  # T_max of the chrono start; 0: off
    embedding_source: EmbeddingSource = _setting("scratch", "start")  # else it begins pre-trained
    vectors: str = _setting("", "start")  # for `file`: SHA-256 of a table in the store, or hf:…
    freeze_embedding: bool = _setting(False, "start")  # it stays as it began
    # batches
    sequence_length: int = _setting(32, "batches", 2, 1024)  # tokens of each row read per step
    batch: int = _setting(16, "batches", 1, 1024)
    backprop_length: int = _setting(0, "batches", 0, 2048)  # 0: as far as sequence_length
    carry_length: int = _setting(0, "batches", 0, 1_000_000)  # state kept so long; 0: always
    windows: Windows = _setting("carried", "batches")
    # optimizer
    optimizer: Optimizer = _setting("adamw", "optimizer")
    learning_rate: float = _setting(4e-3, "optimizer", 1e-6, 100.0)
    schedule: Schedule = _setting("cosine", "optimizer")
    warm_up_steps: int = _setting(20, "optimizer", 0, 100_000)
    decay_factor: float = _setting(0.5, "optimizer", 0.0, 1.0)  # of the step schedule
    decay_every: int = _setting(0, "optimizer", 0, 1_000_000)  # steps; 0: a quarter of the run
    weight_decay: float = _setting(0.01, "optimizer", 0.0, 1.0)
    clip_norm: float = _setting(1.0, "optimizer", 0.0, 1e6)  # 0 leaves the gradient alone
    clip_value: float = _setting(0.0, "optimizer", 0.0, 1e6)  # 0 leaves the gradient alone
    loss: Loss = _setting("cross_entropy", "optimizer")
    label_smoothing: float = _setting(0.0, "optimizer", 0.0, 0.9)
    averaging: float = _setting(0.0, "optimizer", 0.0, 0.9999)  # of the weights a step; 0: off
    # stopping: whichever comes first; 0 means no such limit
    max_steps: int = _setting(0, "stopping", 0, 10_000_000)
    max_seconds: float = _setting(120.0, "stopping", 0.0, 86_400.0)
    target_loss: float = _setting(0.0, "stopping", 0.0, 20.0)  # nats, on the validation sample
    patience: int = _setting(0, "stopping", 0, 10_000)  # evaluations without a better one
    # machine
    seed: int = _setting(1, "machine", 0, 2**31 - 1)
    device: Device = _setting("cpu", "machine")
    precision: Precision = _setting("auto", "machine")
    threads: int = _setting(1, "machine", 1, 64)

    # -- checks -------------------------------------------------------------------------------
    def problems(self) -> list[Problem]:
        """Every problem of these settings by themselves (not against a text or a machine)."""
        found: list[Problem] = []
        for name, kind in FIELD_TYPES.items():
            value, limits = getattr(self, name), FIELDS[name].metadata
            if choices := get_args(kind):
                if value not in choices:
                    found.append(Problem("config.not_a_choice", {
                        "field": name, "value": repr(value)[:40], "choices": ", ".join(choices)}))
            elif name == "vectors":
                if not isinstance(value, str) or not _TABLE.fullmatch(value):
                    found.append(Problem("config.not_a_choice", {
                        "field": name, "value": repr(value)[:40],
                        "choices": "SHA-256, hf:OWNER/NAME:FILE"}))
            elif kind is str:
                if not isinstance(value, str) or not value.strip():
                    found.append(Problem("config.not_a_choice", {
                        "field": name, "value": repr(value)[:40], "choices": _SOURCES}))
            elif kind is bool:
                if not isinstance(value, bool):
                    found.append(Problem("config.not_a_choice", {
                        "field": name, "value": repr(value)[:40], "choices": "true, false"}))
            elif kind in (int, float):
                found.extend(number_problems(name, value, kind, limits["low"], limits["high"]))
        return found or list(self._contradictions())

    def _contradictions(self) -> Iterator[Problem]:
        """Settings that are good one by one and wrong together."""
        if self.max_steps == 0 and self.max_seconds == 0:
            yield Problem("config.no_stop")
        if self.windows == "random" and (
                self.carry_length or self.backprop_length > self.sequence_length):
            yield Problem("config.random_carries")
        if self.tie_weights and self.embedding != self.hidden:
            yield Problem("config.tied_sizes", {"value": self.embedding, "limit": self.hidden})
        if self.softmax == "adaptive" and self.tie_weights:
            yield Problem("config.tied_adaptive")
        if self.softmax == "adaptive" and (self.loss == "mse" or self.label_smoothing):
            yield Problem("config.adaptive_loss")
        if self.loss == "mse" and self.label_smoothing:
            yield Problem("config.mse_smoothing")
        if self.initialisation == "identity" and self.cell != "rnn":
            yield Problem("config.identity_cell", {"value": self.cell})
        fewest = {"bytes": 0, "bpe": BYTES}.get(self.tokenizer, 2)
        if self.max_vocabulary < fewest:
            yield Problem("config.bpe_vocabulary", {"value": self.max_vocabulary, "limit": BYTES})
        elif self.marks != "none" and fewest and self.max_vocabulary < fewest + MARKS:
            yield Problem("config.marks_vocabulary", {
                "value": self.max_vocabulary, "limit": fewest + MARKS})
        if self.division == "lines" and self.marks == "paragraphs":
            yield Problem("config.marks_division")
        if self.embedding_source != "scratch" and self.embedding == 0:
            yield Problem("config.pretrained_one_hot")
        if self.embedding_source == "file" and not self.vectors:
            yield Problem("config.no_vectors")
        if self.freeze_embedding and self.tie_weights:
            yield Problem("config.frozen_tied")
        held_out = self.validation_share > 0 or self.division == "own"
        if not held_out and (self.target_loss or self.patience):
            yield Problem("config.stop_needs_validation")

    def checked(self) -> RunConfig:
        """This config, or a `ConfigError` that lists everything wrong with it."""
        if found := self.problems():
            raise ConfigError(found)
        return self

    @property
    def by_character(self) -> bool:
        """Whether a token is a character and nothing else."""
        return self.tokenizer == "characters" and self.marks == "none"

    # -- serialisations -------------------------------------------------------------------------
    def to_json(self) -> str:
        return json.dumps({"schema": SCHEMA, **dataclasses.asdict(self)}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> RunConfig:
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):  # the second for 50,000 opening brackets
            values = None
        if not isinstance(values, dict):
            raise ConfigError([Problem("config.not_json")])
        schema = values.pop("schema", SCHEMA)
        if not isinstance(schema, int) or schema > SCHEMA:
            raise ConfigError([Problem("config.schema", {"value": schema, "limit": SCHEMA})])
        if schema < 2:
            values = _migrated(values)
            if values.get("optimizer", "adamw") != "adamw":
                values["weight_decay"] = 0.0  # which was AdamW's alone
        return cls.from_mapping(values)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> RunConfig:
        """From plain values; whole floats become ints where the field counts something."""
        unknown = [Problem("config.unknown_field", {"field": n}) for n in values if n not in FIELDS]
        config = cls(**{n: _as_type(v, FIELD_TYPES[n]) for n, v in values.items() if n in FIELDS})
        if found := [*unknown, *config.problems()]:
            raise ConfigError(found)
        return config

    def to_query(self) -> dict[str, str]:
        """Only what differs from the defaults, as URL query parameters."""
        changed = {n: getattr(self, n) for n in FIELDS if getattr(self, n) != FIELDS[n].default}
        return {n: repr(v) if isinstance(v, float) else str(v).lower() if isinstance(v, bool)
                else str(v) for n, v in changed.items()}

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> RunConfig:
        """From URL query parameters; names that are no settings are left to others."""
        values = {n: _parse(n, v) for n, v in _migrated(dict(query)).items() if n in FIELDS}
        return cls.from_mapping(values)

    def of_text(self) -> RunConfig:
        """Only what decides tokens and parts: all else as by default."""
        return RunConfig(**{name: getattr(self, name) for name in GROUPS["text"]})

    def changed_fields(self) -> set[str]:
        return {n for n in FIELDS if getattr(self, n) != FIELDS[n].default}


FIELDS: dict[str, dataclasses.Field[Any]] = {f.name: f for f in fields(RunConfig)}
FIELD_TYPES: dict[str, Any] = get_type_hints(RunConfig)
DROPOUTS = ("input_dropout", "layer_dropout", "output_dropout")
GROUPS: dict[str, list[str]] = {}
for _name, _field in FIELDS.items():
    GROUPS.setdefault(_field.metadata["group"], []).append(_name)


OLD_NAMES = ("dropout",)  # of schema 1


def _migrated(values: dict[str, Any]) -> dict[str, Any]:
    """Settings under the names of schema 1, which knew one dropout for all three places."""
    values = dict(values)
    if "dropout" in values:
        dropout = values.pop("dropout")
        for name in DROPOUTS:
            values.setdefault(name, dropout)
    return values


def number_problems(name: str, value: Any, kind: type, low: float | None, high: float | None
                    ) -> list[Problem]:
    """What is wrong with a value that should be a number of that kind within these limits."""
    wrong_type = isinstance(value, bool) or not isinstance(value, (int, float))
    if wrong_type or not _is_finite(value):
        return [Problem("config.not_a_number", {"field": name, "value": repr(value)[:40]})]
    if kind is int and value != int(value):
        return [Problem("config.not_whole", {"field": name, "value": value})]
    if low is not None and value < low:
        return [Problem("config.too_small", {"field": name, "value": value, "limit": low})]
    if high is not None and value > high:
        return [Problem("config.too_large", {"field": name, "value": value, "limit": high})]
    return []


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an int that is too large for a float
        return False


def _as_type(value: Any, kind: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _is_finite(value):
        return value
    if kind is float:
        return float(value)
    return int(value) if kind is int and value == int(value) else value


def _parse(name: str, text: str) -> Any:
    kind = FIELD_TYPES[name]
    if kind is bool:
        return {"true": True, "false": False}.get(text.lower(), text)
    try:
        return float(text) if kind is float else _whole(text) if kind is int else text
    except ValueError:
        return text  # the checks say that it is no number


def _whole(text: str) -> int | float:
    """12, but 1e3 and 1.5 too: the first is whole, the second is told what is wrong with it."""
    try:
        return int(text)
    except ValueError:
        return float(text)
