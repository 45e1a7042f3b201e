"""The text of the next run: loaded, chosen (built-in, hub, own), and shown."""

from __future__ import annotations

import math
import platform
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import streamlit as st

from rnnlm_core import launch
from rnnlm_core.config import RunConfig
from rnnlm_core.data import tokenizer as tokenizers
from rnnlm_core.data.builtin import BUILTIN
from rnnlm_core.data.corpus import HUB, OWN, Corpus, keep_text, load_corpus, stored_manifests
from rnnlm_core.data.files import decode_bytes
from rnnlm_core.data.hub import HubDataset, HubProgress, HubSpec, inspect_hub
from rnnlm_core.data.split import fit_to_text, split_point
from rnnlm_core.data.statistics import (
    TextStatistics,
    TokenStatistics,
    character_name,
    passage,
    text_statistics,
    token_statistics,
)
from rnnlm_core.data.tokenizer import Tokenizer
from rnnlm_core.errors import CorpusError, UnrollError
from rnnlm_core.figures.data import (
    Bar,
    FrequencyWords,
    Token,
    TokenWords,
    character_figure,
    glyph,
    rank_figure,
    token_figure,
    token_width,
)
from rnnlm_core.figures.palette import (
    LIGHT,
    SURPRISE_TOP,
    fade,
    surprise_fill,
    surprise_gradient,
)
from rnnlm_core.figures.template import esc
from rnnlm_ui import config_form, session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.i18n import number, t
from rnnlm_ui.live import follow
from rnnlm_ui.page import plain, primary_label
from rnnlm_ui.runs import corpus_title

SOURCES = ("builtin", "hub", "own")
SCALES = ("linear", "log", "rank")
MAX_MEGABYTES = 20  # of pasted or uploaded text
ENCODINGS = ("", "utf-8", "gb18030", "big5", "shift_jis", "euc-kr", "utf-16", "cp1250", "cp1251",
             "cp1252")  # the first is the guess
BARS = 40
TOKENS = 61  # sixty inputs and the last one's target
_LONG_TOKEN = 30  # characters: so many tokens' worth of text is encoded for them
_TURNS = (fade(LIGHT["posfill"], 0.35), fade(LIGHT["negfill"], 0.35))  # one piece, the next
_PASSAGE, _LINES = 320, 4
_READ_HERE = ("manual", "source")  # differ by Python version
_EXAMPLE = "roneneldan/TinyStories"
_KEY = "data.{}".format


# -- the text of the draft -------------------------------------------------------------------------
def store() -> Path:
    return launch.runs_root() / "corpora"


def draft_corpus(config: RunConfig) -> Corpus:
    """The text of these settings, without ever asking the hub.

    Raises `CorpusError`, corpus.not_here for a dataset that has not been read yet.
    """
    source, limit = config.corpus, config.max_characters
    if source.startswith(HUB):
        spec = HubSpec.parse(source)
        if not any((m.source, m.max_characters) == (source, limit)
                   for m in stored_manifests(store())):
            raise CorpusError("corpus.not_here", id=spec.id)
    return _loaded(source, limit, str(store()), platform.python_version())


@st.cache_resource(max_entries=4, show_spinner=False)
def _loaded(source: str, max_characters: int, store_path: str, python: str) -> Corpus:
    return load_corpus(source, Path(store_path), max_characters)


def statistics(corpus: Corpus, validation_share: float) -> TextStatistics:
    return _statistics(corpus.manifest.sha256, validation_share, corpus)


@st.cache_data(max_entries=32, show_spinner=False)
def _statistics(sha256: str, validation_share: float, _corpus: Corpus) -> TextStatistics:
    return text_statistics(_corpus.text, validation_share)


def tokenizer(corpus: Corpus, config: RunConfig) -> Tokenizer:
    """As these settings divide the text. Raises `CorpusError` where no piece is frequent enough."""
    start = split_point(corpus.text, config.validation_share)
    return _tokenizer(corpus.manifest.sha256, start, config.tokenizer, config.max_vocabulary,
                      config.min_frequency, corpus)


@st.cache_resource(max_entries=8, show_spinner=False)
def _tokenizer(sha256: str, start: int, kind: str, max_vocabulary: int, min_frequency: int,
               _corpus: Corpus) -> Tokenizer:
    return tokenizers.fit(kind, _corpus.text[:start], max_vocabulary, min_frequency)


def token_numbers(corpus: Corpus, config: RunConfig) -> TokenStatistics:
    return _token_numbers(corpus.manifest.sha256, config.validation_share, config.tokenizer,
                          config.max_vocabulary, config.min_frequency, corpus,
                          tokenizer(corpus, config))


@st.cache_data(max_entries=32, show_spinner=False)
def _token_numbers(sha256: str, validation_share: float, kind: str, max_vocabulary: int,
                   min_frequency: int, _corpus: Corpus, _tokenizer: Tokenizer) -> TokenStatistics:
    return token_statistics(_corpus.text, validation_share, _tokenizer)


def fits(numbers: TokenStatistics, config: RunConfig) -> CorpusError | None:
    """Why the training part is too short for these settings, if it is."""
    try:
        fit_to_text(numbers.training, config.batch, config.sequence_length)
    except CorpusError as error:
        return error
    return None


def corpus_name(corpus: Corpus) -> str:
    return corpus_title(corpus.manifest.source, corpus.manifest.title)


# -- calls to the hub, each in a thread of its own -------------------------------------------------
class HubCall:
    """A look-up or a fetch that goes on while the page is alive; cancelled at once for the reader.

    The thread only writes to this object; the page polls it.
    """

    def __init__(self, kind: Literal["lookup", "fetch"], id: str,
                 work: Callable[[HubCall], Any]) -> None:
        self.kind, self.id = kind, id
        self.progress = HubProgress(0, 0, 0.0)
        self.result: Any = None
        self.error: UnrollError | None = None
        self._cancel, self._done = threading.Event(), threading.Event()
        self._work = work
        threading.Thread(target=self._run, name=f"{kind} {id}", daemon=True).start()

    @property
    def done(self) -> bool:
        return self._done.is_set()

    def cancelled(self) -> bool:
        return self._cancel.is_set()

    def cancel(self) -> None:
        """The page stops waiting now; the thread ends as soon as it notices."""
        self._cancel.set()
        self.error = CorpusError("hub.cancelled", id=self.id)
        self._done.set()

    def moves(self, progress: HubProgress) -> None:
        self.progress = progress

    def _run(self) -> None:
        try:
            result, error = self._work(self), None
        except UnrollError as caught:
            result, error = None, caught
        except OSError as caught:
            result, error = None, CorpusError("corpus.not_kept", reason=type(caught).__name__)
        if not self.cancelled():
            self.result, self.error = result, error
            self._done.set()


def _lookup(config: str | None = None) -> None:
    """Ask what the dataset offers; an id that is none is told at once."""
    id = session.widget(_KEY("hub_id"), "").strip().removeprefix(HUB)
    try:
        id = HubSpec(id).id
    except CorpusError as error:
        session.remember(_KEY("fault"), error)
        return
    session.remember(_KEY("call"), HubCall(
        "lookup", id, lambda call: inspect_hub(id, config=config)))


def _fetch() -> None:
    """Read the chosen column; what the reader has stays until it is here."""
    dataset: HubDataset = session.recall(_KEY("dataset"), None)  # type: ignore[arg-type]
    spec = HubSpec(dataset.id, **_wanted(dataset))
    amount, folder = _amount(), store()
    session.remember(_KEY("call"), HubCall("fetch", dataset.id, lambda call: load_corpus(
        str(spec), folder, amount, progress=call.moves, cancelled=call.cancelled)))


def take_result() -> None:
    """Once at the top of the page: what a call brought, or why it brought nothing."""
    call: HubCall | None = session.recall(_KEY("call"), None)
    if call is None or not call.done:
        return
    session.forget(_KEY("call"))
    if call.error is not None:
        session.remember(_KEY("fault"), call.error)
    elif call.kind == "lookup":
        session.remember(_KEY("dataset"), call.result)
        session.forget(_KEY("wanted"))
    else:
        use(call.result)


def take_fault() -> UnrollError | None:
    """What went wrong since the last look: told once."""
    error: UnrollError | None = session.recall(_KEY("fault"), None)
    session.forget(_KEY("fault"))
    return error


def use(corpus: Corpus) -> None:
    """This text from now on, on every page."""
    manifest = corpus.manifest
    chosen = replace(session.draft(), corpus=manifest.source)
    if manifest.source.startswith(HUB):
        chosen = replace(chosen, max_characters=manifest.max_characters)
    session.set_draft(chosen)
    session.forget(_KEY("place"))


# -- choosing ------------------------------------------------------------------------------------
def source_switch() -> str:
    """Where the text comes from; opens on what the draft has."""
    corpus = session.draft().corpus
    session.preset(_KEY("source"), "hub" if corpus.startswith(HUB) else
                   "own" if corpus.startswith(OWN) else "builtin")
    return st.segmented_control(
        t("data.source_label"), SOURCES, key=_KEY("source"), required=True,
        format_func=lambda s: t(f"data.source.{s}"), label_visibility="collapsed",
        persist_state="session") or SOURCES[0]


def chooser(source: str) -> None:
    if source == "hub":
        _hub_chooser()
    elif source == "own":
        _own_chooser()
    else:
        left, right = st.columns([1, 2], gap="medium", vertical_alignment="center")
        with left:
            config_form.corpus_field(label_visibility="collapsed")
        right.markdown(":gray[" + about(session.draft().corpus) + "]")


def about(source: str) -> str:
    """Where a text comes from, in one sentence of markdown."""
    if source in _READ_HERE:
        return t(f"data.about.{source}", version=platform.python_version())
    if source in BUILTIN:
        return t(f"data.about.{source}")
    return t("data.about.hub" if source.startswith(HUB) else "data.about.own")


def _hub_chooser() -> None:
    session.preset(_KEY("hub_id"), _draft_hub_id())
    call: HubCall | None = session.recall(_KEY("call"), None)
    with st.form(_KEY("hub_form"), border=False), \
            st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(t("data.hub_id"), key=_KEY("hub_id"), placeholder=_EXAMPLE, width=420,
                      max_chars=200, persist_state="session")
        st.form_submit_button(t("data.look_up"), icon=":material/search:", on_click=_lookup,
                              disabled=call is not None)
    dataset = session.recall(_KEY("dataset"), None)
    if dataset is not None:
        _hub_choices(dataset, busy=call is not None)
    elif call is None:
        st.markdown(":gray[" + t("data.hub_hint") + "]")
    if call is not None:
        follow(_progress, True, key=_KEY("progress"))


def _draft_hub_id() -> str:
    source = session.draft().corpus
    try:
        return HubSpec.parse(source).id if source.startswith(HUB) else ""
    except CorpusError:
        return ""


def _hub_choices(dataset: HubDataset, busy: bool) -> None:
    """What the dataset offers, how much of it, and the button that reads it."""
    st.markdown(t("data.hub_found", id=plain(dataset.id), revision=dataset.revision[:8]))
    # kept beside the widgets, which Streamlit resets whenever they are away for a moment
    wanted = _wanted(dataset)
    with st.grid(5, min_column_width=170, vertical_alignment="bottom"):
        for part, offered in (("config", dataset.configs), ("split", dataset.splits),
                              ("column", dataset.columns)):
            session.set_widget(_KEY(f"hub_{part}"), wanted[part])
            st.selectbox(t(f"data.hub_{part}"), offered, key=_KEY(f"hub_{part}"), disabled=busy,
                         on_change=_choose, args=(part,))
        session.set_widget(_KEY("hub_amount"), _amount())
        st.number_input(t("data.hub_amount"), 100, 50_000_000, step=100_000, disabled=busy,
                        key=_KEY("hub_amount"), on_change=lambda: session.remember(
                            _KEY("amount"), int(session.widget(_KEY("hub_amount"), _amount()))))
        # the primary button's ink would be lost on a disabled one
        st.button(t("data.read") if busy else primary_label(t("data.read"), "download"),
                  type="primary", key=_KEY("read"), disabled=busy, on_click=_fetch)


def _wanted(dataset: HubDataset) -> dict[str, str]:
    """Configuration, split and column as chosen so far."""
    return {"config": dataset.config, "split": dataset.split, "column": dataset.column,
            **session.recall(_KEY("wanted"), {})}


def _amount() -> int:
    return session.recall(_KEY("amount"), session.draft().max_characters)


def _choose(part: str) -> None:
    value = session.widget(_KEY(f"hub_{part}"), None)
    session.remember(_KEY("wanted"), {**session.recall(_KEY("wanted"), {}), part: value})
    if part == "config":  # another one may have other splits and columns: look again
        _lookup(value)


def _progress() -> None:
    """The call as it goes; ends with a run of the whole page."""
    call: HubCall | None = session.recall(_KEY("call"), None)
    if call is None or call.done:
        st.rerun()
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(t("common.cancel"), icon=":material/close:", key=_KEY("cancel"),
                  on_click=call.cancel)
        at = call.progress
        if call.kind == "lookup" or not at.characters:
            st.progress(0.0, text=t("data.asking", id=plain(call.id)))
        else:
            wanted = _amount()
            st.progress(min(1.0, at.characters / wanted), text=t(
                "data.reading", characters=number(at.characters), wanted=number(wanted),
                megabytes=f"{at.megabytes:.1f}"))


def _own_chooser() -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        st.text_area(t("data.paste"), key=_KEY("pasted"), height=130, persist_state="session",
                     placeholder=t("data.paste_hint"))
        st.button(primary_label(t("data.use_pasted"), "check"), type="primary",
                  key=_KEY("use_pasted"), on_click=_use_pasted)
    with right:
        st.file_uploader(t("data.upload", limit=MAX_MEGABYTES), key=_KEY("upload"),
                         max_upload_size=MAX_MEGABYTES, on_change=_use_upload)
        if session.widget(_KEY("upload"), None) is not None:
            st.selectbox(t("data.encoding_label"), ENCODINGS, key=_KEY("encoding"),
                         format_func=lambda name: name or t("data.encoding_auto"),
                         on_change=_use_upload)


def _use_pasted() -> None:
    text = session.widget(_KEY("pasted"), "")
    title = " ".join(text[:200].split())
    _keep(text.encode("utf-8", "surrogatepass"), f"“{title[:24]}…”", text)


def _use_upload() -> None:
    file = session.widget(_KEY("upload"), None)
    if file is not None:  # None: it was taken out of the widget again
        _keep(file.getvalue(), file.name)


def _keep(raw: bytes, name: str, text: str | None = None) -> None:
    """Into the store and into the draft, or the one sentence on why not."""
    notes: dict[str, Any] = {}
    try:
        if len(raw) > MAX_MEGABYTES * 1_000_000:
            raise CorpusError("corpus.too_large", name=name, limit=MAX_MEGABYTES)
        if text is None:
            decoded = decode_bytes(raw, name, session.widget(_KEY("encoding"), "") or None)
            text, notes = decoded.text, {"encoding": decoded.encoding}
        use(keep_text(store(), text, OWN, name, session.draft().max_characters, notes=notes))
    except CorpusError as error:
        session.remember(_KEY("fault"), error)
    except OSError as error:
        session.remember(_KEY("fault"), CorpusError("corpus.not_kept", reason=type(error).__name__))


# -- showing -------------------------------------------------------------------------------------
def finding(numbers: TextStatistics) -> str:
    """The answer to "What does the network read?" in one sentence."""
    return t("data.finding", characters=number(numbers.characters), lines=number(numbers.lines),
             different=number(numbers.different), entropy=f"{numbers.entropy:.2f}")


def place_shown(corpus: Corpus) -> tuple[int, str]:
    return passage(corpus.text, session.recall(_KEY("place"), 0), _PASSAGE, _LINES)


def spoken(character: str) -> str:
    """What a character is called: white space in the reader's words, all else as in Unicode."""
    words = {" ": "space", "\n": "newline", "\t": "tab"}
    return t(f"component.{words[character]}") if character in words else character_name(character)


def preview(corpus: Corpus, numbers: TokenStatistics, ids: Tokenizer, by_character: bool) -> None:
    """A few lines: each character filled by how rare it is, or other tokens in turn."""
    at, text = place_shown(corpus)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(t("data.beginning") if at == 0 else t("data.place", at=number(at)))
        st.space("stretch")
        session.preset(_KEY("dots"), True)
        dots = st.toggle(t("data.mark_spaces"), key=_KEY("dots"), persist_state="session")
        if at:
            st.button(t("data.to_beginning"), key=_KEY("to_beginning"), type="tertiary",
                      icon=":material/first_page:", on_click=lambda: session.forget(_KEY("place")))
        st.button(t("data.another_place"), key=_KEY("another"), icon=":material/casino:",
                  on_click=lambda: session.remember(
                      _KEY("place"), session.recall(_KEY("place"), 0) + 1))
    fills, tips = _pieces(text, numbers, ids, by_character)
    # the dot stands in for the space one to one, so fills and tips keep their places
    coloured_text(text.replace(" ", "·") if dots else text, fills, key=_KEY("preview"), tips=tips,
                  size="1.05rem", label=t("data.preview_label"),
                  legend=(t("data.common"), t("data.rare"), surprise_gradient())
                  if by_character else None)
    if not by_character:
        st.markdown(":gray[" + t("data.in_turn") + "]")


def _pieces(text: str, numbers: TokenStatistics, ids: Tokenizer, by_character: bool
            ) -> tuple[list[str], list[str]]:
    """A fill and a tip for every character of a passage."""
    fills, tips = [], []
    for turn, (piece, tokens) in enumerate(divided(text, ids)):
        bits = sum(numbers.surprise.get(i, math.inf) for i in tokens)
        unknown = ids.unknown_id in tokens
        if by_character:
            fill = surprise_fill([bits])[0]
        else:
            fill = surprise_fill([SURPRISE_TOP])[0] if unknown else _TURNS[turn % 2]
        name = t("data.unknown_piece") if unknown else \
            spoken(piece) if len(piece) == 1 else piece.replace("\n", "⏎")
        fills += [fill] * len(piece)
        tips += [t("data.tip", name=name, id=" ".join(map(str, tokens)),
                   bits=f"{bits:.2f}")] * len(piece)
    return fills, tips


def divided(text: str, ids: Tokenizer) -> list[tuple[str, list[int]]]:
    """The shortest parts of a text that are whole tokens, each with its ids.

    Of bytes, the characters, each with several; of all else the pieces, `<unk>` among them.
    """
    if isinstance(ids, tokenizers.PieceTokenizer):
        pieces = list(ids.divide(text))
        return [(p, [int(i)]) for p, i in zip(pieces, ids.encode(text), strict=True)]
    tokens = ids.encode(text).tolist()
    _, owners = ids.owners(tokens)
    found, start, first = [], 0, 0
    for end in (*np.flatnonzero(np.diff(owners)) + 1, len(owners)) if len(owners) else ():
        last = int(owners[end - 1]) + 1
        found.append((text[start:end], tokens[first:last]))
        start, first = int(end), last
    return found


def token_strip(corpus: Corpus, ids: Tokenizer) -> None:
    """The same place as the network gets it: ids, and the target shifted by one."""
    at, _ = place_shown(corpus)
    part = ids.encode(corpus.text[at:at + TOKENS * _LONG_TOKEN])[:TOKENS].tolist()
    tokens = [Token(ids.pieces[i], t("data.unknown_piece") if i == ids.unknown_id else
                    spoken(ids.pieces[i]) if len(ids.pieces[i]) == 1 else "", i) for i in part]
    words = TokenWords((t("data.input"), t("data.input_short")),
                       (t("data.target"), t("data.target_short")), t("data.id"))

    def draw() -> Any:
        figure = token_figure(tokens, words)
        figure.update_layout(uirevision=f"{corpus.manifest.sha256} {at}")
        return figure

    live_plot(draw, key=_KEY("tokens"), alt=t("data.tokens_alt"), height=184,
              cell=token_width(tokens), rev=(corpus.manifest.sha256, at, ids.kind, ids.size))


def frequencies(corpus: Corpus, numbers: TextStatistics, tokens: TokenStatistics,
                ids: Tokenizer) -> None:
    """How often each character occurs as bars (linear or logarithmic), each token by rank."""
    session.preset(_KEY("scale"), SCALES[0])
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(_frequency_title(numbers))
        st.space("stretch")
        scale = st.segmented_control(
            t("data.scale_label"), SCALES, key=_KEY("scale"), required=True,
            format_func=lambda s: t(f"data.scale.{s}"), label_visibility="collapsed",
            persist_state="session") or SCALES[0]
    # the bars are of characters: where these are the tokens, <unk> is one of the equally frequent
    even = tokens.vocabulary if ids.kind == "characters" else numbers.different
    words = FrequencyWords(t("data.share"), t("data.rest"), t("data.rest_name", n=number(
        max(0, numbers.different - BARS))), t("data.uniform", v=number(even)),
        t("data.times"), t("data.rank"))

    def draw() -> Any:
        total = numbers.characters
        if scale == "rank":
            figure = rank_figure([n for _, n in tokens.counts],
                                 [_rank_name(ids.pieces[i]) for i, _ in tokens.counts],
                                 tokens.training + tokens.validation, words)
        else:
            bars = [Bar(c, spoken(c), n, n / total) for c, n in numbers.counts[:BARS]]
            rest = sum(n for _, n in numbers.counts[BARS:])
            figure = character_figure(bars, rest, total, 1 / even, scale == "log",
                                      words)
        figure.update_layout(uirevision=f"{corpus.manifest.sha256} {scale}")
        return figure

    live_plot(draw, key=_KEY("characters"), height=250,
              alt=t("data.characters_alt", n=min(BARS, numbers.different)),
              rev=(corpus.manifest.sha256, tokens.vocabulary, ids.kind, scale))


def _rank_name(piece: str) -> str:
    return f"{glyph(piece)} {esc(spoken(piece))}" if len(piece) == 1 else esc(piece)


def _frequency_title(numbers: TextStatistics) -> str:
    character, count = numbers.counts[0]
    name = spoken(character) if character.isspace() else f"“{character}”"
    return t("data.frequency_title", name=plain(name),
             share=f"{count / numbers.characters:.1%}")


def facts(corpus: Corpus, numbers: TextStatistics, tokens: TokenStatistics,
          config: RunConfig) -> None:
    """Everything about the text in numbers."""
    lines = [("size", t("data.size", lines=number(numbers.lines), words=number(numbers.words),
                        characters=number(numbers.characters), bytes=number(numbers.bytes))),
             ("vocabulary", _vocabulary(tokens, config)),
             ("split", _split(numbers)),
             ("unknown", _unknown(tokens)),
             ("yardsticks", _yardsticks(numbers, tokens, config)),
             ("cleaning", _cleaning(corpus.manifest.cleaning))]
    if origin := _origin(corpus):
        lines.append(("origin", origin))
    st.markdown("**" + plain(corpus_name(corpus)) + "**")
    st.markdown("\n\n".join(f":gray[{t(f'data.fact.{name}')}]  \n{text}" for name, text in lines))
    sha = corpus.manifest.sha256
    with st.container(horizontal=True, gap="small"):
        with st.popover(t("data.sha", short=sha[:12]), type="tertiary", help=sha,
                        icon=":material/fingerprint:"):
            st.code(sha, language=None, wrap_lines=True)
        config_form.group_popover("text")


def _vocabulary(tokens: TokenStatistics, config: RunConfig) -> str:
    """V, and how the text comes out of it."""
    kind = config.tokenizer
    text = t(f"data.vocabulary.{kind}", v=number(tokens.vocabulary),
             different=number(tokens.vocabulary - 1))
    if kind != "characters":
        text += "  \n" + t("data.tokens", n=number(tokens.training + tokens.validation),
                           characters=f"{tokens.characters_per_token:.2f}")
    return text + "  \n" + t("data.exact" if tokens.exact else "data.not_exact")


def _split(numbers: TextStatistics) -> str:
    if not numbers.validation:
        return t("data.split_none", training=number(numbers.training))
    return t("data.split", training=number(numbers.training),
             validation=number(numbers.validation),
             share=f"{numbers.validation / numbers.characters:.0%}")


def _unknown(tokens: TokenStatistics) -> str:
    """What has no id of its own, in both parts."""
    lines = []
    if tokens.unknown_training:
        lines.append(t("data.unknown_training", n=number(tokens.unknown_training),
                       share=_percent(tokens.unknown_training, tokens.training)))
    if tokens.unknown_count:
        shown = " ".join(tokens.unknown[:8]) + (" …" if len(tokens.unknown) > 8 else "")
        lines.append(t("data.unknown", n=number(tokens.unknown_count), pieces=plain(shown),
                       share=_percent(tokens.unknown_count, tokens.validation)))
    return "  \n".join(lines) or t("data.unknown_none")


def _percent(part: int, whole: int) -> str:
    share = part / whole
    return f"{share:.2%}" if share < 0.1 else f"{share:.0%}"


def _yardsticks(numbers: TextStatistics, tokens: TokenStatistics, config: RunConfig) -> str:
    uniform = f"{tokens.uniform:.2f}"
    if config.tokenizer == "characters":
        return t("data.yardsticks", uniform=uniform, entropy=f"{numbers.entropy:.2f}")
    return t("data.yardsticks_tokens", uniform=uniform, entropy=f"{numbers.entropy:.2f}",
             character=f"{tokens.uniform / tokens.characters_per_token:.2f}")


def _cleaning(counts: dict[str, int]) -> str:
    done = [t(f"data.cleaned.{name}", n=number(n)) for name, n in counts.items() if n]
    return t("data.list_separator").join(done) if done else t("data.cleaned_nothing")


def _origin(corpus: Corpus) -> str:
    """Where it came from, as far as the line beside the choice does not say it."""
    manifest, parts = corpus.manifest, []
    if manifest.source.startswith(HUB):
        parts.append(t("data.origin_hub", rows=number(manifest.rows or 0),
                       blank=number(manifest.notes.get("blank_rows", 0)),
                       revision=(manifest.revision or "")[:8]))
    if encoding := manifest.notes.get("encoding"):
        parts.append(t("data.encoding", name=plain(str(encoding))))
    if manifest.characters == manifest.max_characters:
        parts.append(t("data.cut", limit=number(manifest.max_characters)))
    return "  \n".join(parts)
