"""What the text is, in one sentence and in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from rnnlm_core.config import BYTES, MARKS, RunConfig
from rnnlm_core.data.copies import SHARED_LENGTH
from rnnlm_core.data.corpus import HUB, OWN, Corpus
from rnnlm_core.data.hub_spec import HubSpec, lacks_validation
from rnnlm_core.data.statistics import TextStatistics, TokenStatistics
from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_ui import config_form, data_teaching, data_xz
from rnnlm_ui.data_text import corpus_name
from rnnlm_ui.data_upload import encoding_name
from rnnlm_ui.i18n import number, t
from rnnlm_ui.page import plain
from rnnlm_ui.tokens import listed

_NAMED = 8  # pieces of each sort
_LEAK = 0.2  # of the held-out passages
_SMALL_PART = 1_000  # characters: a loss over so few says little


def finding(numbers: TextStatistics, source: str = "") -> str:
    """The answer to "What does the network read?" in one sentence."""
    values = {"characters": number(numbers.characters), "lines": number(numbers.lines),
              "different": number(numbers.different), "entropy": f"{numbers.entropy:.2f}"}
    best = data_teaching.best_bits(source)
    return t("data.finding", **values) if best is None else \
        t("data.finding_best", best=f"{best:.2f}", **values)


def facts(corpus: Corpus, numbers: TextStatistics, tokens: TokenStatistics, ids: Tokenizer,
          config: RunConfig) -> None:
    """Everything about the text in numbers."""
    lines = [("size", t("data.size", lines=number(numbers.lines), words=number(numbers.words),
                        characters=number(numbers.characters), bytes=number(numbers.bytes))),
             ("vocabulary", _vocabulary(tokens, config)),
             *([("marks", _marks(tokens, ids, config))] if config.marks != "none" else []),
             ("pieces", _pieces(tokens, ids)),
             ("split", _split(corpus, numbers, config)),
             *([("unknown", _unknown(tokens))] if tokens.validation else []),
             *([("best", best)] if (best := data_teaching.best(corpus.manifest.source)) else []),
             ("yardsticks", _yardsticks(numbers, tokens, config))]
    st.markdown("**" + plain(corpus_name(corpus)) + "**")
    _listed(lines)
    if numbers.parts.validation:
        data_xz.fact(corpus, config)
    origin = _origin(corpus, config.max_characters)
    _listed([("cleaning", _cleaning(corpus.manifest.cleaning)),
             *([("origin", origin)] if origin else [])])
    sha = corpus.manifest.sha256
    with st.container(horizontal=True, gap="small"):
        with st.popover(t("data.sha", short=sha[:12]), type="tertiary", help=sha,
                        icon=":material/fingerprint:"):
            st.code(sha, language=None, wrap_lines=True)
        config_form.group_popover("text")


def _listed(lines: Sequence[tuple[str, str]]) -> None:
    st.markdown("\n\n".join(f":gray[{t(f'data.fact.{name}')}]  \n{text}" for name, text in lines))


def _vocabulary(tokens: TokenStatistics, config: RunConfig) -> str:
    """V, and how the text comes out of it."""
    kind, marks = config.tokenizer, 0 if config.marks == "none" else MARKS
    text = t(f"data.vocabulary.{kind}", v=number(tokens.vocabulary),
             different=number(tokens.vocabulary - 1 - marks),
             n=number(tokens.vocabulary - BYTES - marks))
    if marks:
        text += t("data.vocabulary_marks")
    if not config.by_character:
        text += "  \n" + t("data.tokens", n=number(tokens.training + tokens.validation),
                           characters=f"{tokens.characters_per_token:.2f}")
    return text + "  \n" + t("data.exact" if tokens.exact else "data.not_exact")


def _marks(tokens: TokenStatistics, ids: Tokenizer, config: RunConfig) -> str:
    """How many documents there are, and whether any ends."""
    counts = dict(tokens.counts)
    text = t(f"data.marked.{config.marks}", n=number(counts.get(ids.start_id, 0)))
    return text if ids.end_id in counts else text + "  \n" + t("data.no_end")


def _split(corpus: Corpus, numbers: TextStatistics, config: RunConfig) -> str:
    """What is trained on and what is held out, and what both have in common."""
    parts = numbers.parts
    sizes = {name: getattr(parts, name) for name in ("training", "validation", "test")}
    whole = sum(sizes.values())
    lines = [t("data.split_part", name=t(f"data.part.{name}"), characters=number(size),
               share=f"{size / whole:.0%}") for name, size in sizes.items() if size]
    text = t("data.list_separator").join(lines) if lines[1:] else \
        t("data.split_none", training=number(whole))
    if config.division == "own":
        text += "  \n" + _own_division(corpus)
    elif parts.documents:
        said = [t(f"data.by.{config.division}", n=number(parts.documents))]
        if parts.copies:
            said.append(t("data.copies", n=number(parts.copies)))
        text += "  \n" + t("data.list_separator").join(said)
        if config.validation_share + config.test_share and not lines[1:]:
            text += "  \n" + t("data.too_few")
    elif config.gap and lines[1:]:
        text += "  \n" + t("data.gap", n=number(config.gap))
    if copies := _repeats(corpus.manifest.notes)[0]:
        leaks = corpus.manifest.notes.get("leaks", 0)
        text += "  \n" + t("data.copies_read_leaks" if leaks else "data.copies_read",
                           n=number(copies), leaks=number(leaks))
    if numbers.shared is not None:
        text += "  \n" + _shared(numbers.shared, config)
    if small := [n for n in (parts.validation, parts.test) if 0 < n < _SMALL_PART]:
        text += "  \n" + _warned(t("data.small_part", n=number(min(small))))
    return text


def _shared(share: float, config: RunConfig) -> str:
    """What the held-out part has of the training part; much of it makes every score too good."""
    text = t("data.shared", share=f"{share:.1%}", length=SHARED_LENGTH)
    if share < _LEAK:
        return text
    again = config.division in ("contiguous", "own")
    return _warned(t("data.leak" if again else "data.leak_divided", shared=text))


def _warned(text: str) -> str:
    return ":orange[:material/warning: " + text + "]"


def _own_division(corpus: Corpus) -> str:
    """By the names that the splits have in the dataset."""
    splits = HubSpec.parse(corpus.manifest.notes["read"]).splits
    return t("data.by.own_test" if lacks_validation(splits) else "data.by.own",
             splits=t("data.list_separator").join(plain(split) for split in splits))


def _pieces(tokens: TokenStatistics, ids: Tokenizer) -> str:
    """The commonest, the rarest, and what only stands in the vocabulary."""
    counts = [(ids.pieces[i], n) for i, n in tokens.counts if i != ids.unknown_id]
    least = counts[-1][1]
    rarest = [piece for piece, n in counts if n == least]
    lines = [t("data.commonest", pieces=_named([piece for piece, _ in counts])),
             t("data.rarest_once" if least == 1 else "data.rarest", n=number(len(rarest)),
               times=number(least), pieces=_named(rarest))]
    if never := tokens.vocabulary - (ids.unknown_id is not None) - len(counts):
        lines.append(t("data.never", n=number(never)))
    return "  \n".join(lines)


def _named(pieces: Sequence[str]) -> str:
    """The first few, further apart than words are."""
    shown = [plain(listed([piece])) for piece in pieces[:_NAMED]]
    return "\u2003".join([*shown, "…"] if len(pieces) > _NAMED else shown)


def _unknown(tokens: TokenStatistics) -> str:
    """What has no id of its own, in both parts."""
    lines = []
    if tokens.unknown_training:
        lines.append(t("data.unknown_training", n=number(tokens.unknown_training),
                       share=_percent(tokens.unknown_training, tokens.training)))
    if tokens.unknown_count:
        lines.append(t("data.unknown", n=number(tokens.unknown_count),
                       pieces=_named(tokens.unknown),
                       share=_percent(tokens.unknown_count, tokens.validation)))
    return "  \n".join(lines) or t("data.unknown_none")


def _percent(part: int, whole: int) -> str:
    share = part / whole
    return f"{share:.2%}" if share < 0.1 else f"{share:.0%}"


def _yardsticks(numbers: TextStatistics, tokens: TokenStatistics, config: RunConfig) -> str:
    uniform = f"{tokens.uniform:.2f}"
    if config.by_character:
        return t("data.yardsticks", uniform=uniform, entropy=f"{tokens.entropy:.2f}")
    return t("data.yardsticks_tokens", uniform=uniform, entropy=f"{numbers.entropy:.2f}",
             character=f"{tokens.uniform / tokens.characters_per_token:.2f}")


def _cleaning(counts: dict[str, int]) -> str:
    done = [t(f"data.cleaned.{name}", n=number(n)) for name, n in counts.items() if n]
    return t("data.list_separator").join(done) if done else t("data.cleaned_nothing")


def _repeats(notes: dict[str, Any]) -> tuple[int, int]:
    """Rows that say what an earlier one says: left out, and kept. Older papers of an uploaded table
    have one number for both."""
    both = notes.get("duplicates", 0)
    left_out, kept = (both, 0) if notes.get("once") else (0, both)
    return notes.get("copies", left_out), notes.get("repeated_rows", kept)


def _origin(corpus: Corpus, limit: int) -> str:
    """Where it came from, as far as the line beside the choice does not say it; `limit` is what the
    settings now allow, in characters."""
    manifest, parts = corpus.manifest, []
    if manifest.source.startswith(HUB):
        parts.append(t("data.origin_hub", rows=number(manifest.rows or 0),
                       blank=number(manifest.notes.get("blank_rows", 0)),
                       revision=(manifest.revision or "")[:8]))
        if manifest.notes.get("from_export"):
            parts.append(t("data.origin_export"))
    notes = manifest.notes
    if encoding := notes.get("encoding"):
        parts.append(t("data.encoding", name=plain(encoding_name(str(encoding)))))
    if column := notes.get("column"):
        parts.append(t("data.origin_column", column=plain(column), rows=number(manifest.rows or 0),
                       nulls=number(notes["nulls"]), blanks=number(notes["blanks"])))
    if repeated := _repeats(notes)[1]:
        parts.append(t("data.origin_repeated", rows=number(repeated)))
    if manifest.characters == manifest.max_characters or notes.get("ended") == "characters":
        parts.append(t("data.cut_own" if manifest.parts else "data.cut",
                       limit=number(manifest.max_characters)))
        if manifest.source.startswith(OWN) and limit > manifest.max_characters:
            parts.append(t("data.cut_gone"))
    return "  \n".join(parts)
