"""Game: who guesses the next character of a held-out text better, the class or the network?

What the network expects is shown only after a guess. Everything follows from the text's number and
the guesses so far: at another moment the same guesses stand against the network of that moment.
"""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rnnlm_core.errors import UnrollError
from rnnlm_core.figures.generate import candidates_figure, candidates_height, percent
from rnnlm_core.figures.palette import surprise_fill, surprise_gradient
from rnnlm_ui import look_inside, session
from rnnlm_ui.components.coloured_text import coloured_text
from rnnlm_ui.components.live_plot import live_plot
from rnnlm_ui.generate import game_play as play
from rnnlm_ui.generate.game_score import answer_of, bits_text, course
from rnnlm_ui.generate.signs import named, sign
from rnnlm_ui.i18n import t
from rnnlm_ui.page import plain
from rnnlm_ui.tokens import listed
from rnnlm_ui.toolbox import Scene

NUMBER, TYPED, BET, LOOKED = "game_text", "game.typed", "bet", "game.looked"
MOST_NUMBER = 9_999


def show(scene: Scene, answer: DeltaGenerator) -> None:
    """As a fragment: a guess repaints only the game."""
    place = answer.empty()
    st.fragment(lambda: _whole(scene, place), key="game")()


def _whole(scene: Scene, answer: DeltaGenerator) -> None:
    table, settings = st.container(), st.container()
    with settings:
        _which_text()
    try:
        game = play.game(scene, int(session.widget(NUMBER, 1) or 1))
    except UnrollError as error:
        with answer:
            if error.code == "text.few_characters":  # a limit of the text, and no fault
                st.markdown(look_inside.note(error))
            else:
                look_inside.why_nothing(error)
        return
    answer.markdown(answer_of(game))
    with table:
        picture, side = st.columns([2.1, 1], gap="medium")
        with picture:
            _text(game)
            _guess(game)
        with side:
            _round(game)
        course(scene, game)


def _text(game: play.Game) -> None:
    """What is revealed: filled by the person's surprise, a band below by the network's."""
    made, done = game.passage, len(game.guesses)
    blank = [""] * made.first
    tips = [t("generate_game.tip", you=bits_text(you), network=bits_text(its))
            for you, its in zip(game.yours, game.networks, strict=True)]
    clicked = coloured_text(
        made.characters[:made.first + done], blank + surprise_fill(game.yours), key="game.shown",
        tips=blank + tips, prompt=made.first, bands=blank + surprise_fill(game.networks),
        size="1.5rem", cursor=not game.over, label=t("generate_game.text_label"),
        legend=(t("generate_game.expected"), t("generate_game.surprising"), surprise_gradient()))
    if clicked is not None and clicked >= made.first:
        session.remember(LOOKED, (game.key, clicked - made.first))


# -- the guess -------------------------------------------------------------------------------------
def _guess(game: play.Game) -> None:
    if game.over:
        st.markdown(t("generate_game.over"))
        return
    bet = st.segmented_control(
        t("generate_game.bet"), play.BETS, required=True,
        key=session.choice(BET, play.BETS, play.BETS[1]),
        format_func=lambda b: t(f"generate_game.bets.{b}", share=play.share_of_bet(b)),
        help=t("generate_game.bet_help")) or play.BETS[1]
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        for rank, character in enumerate(game.offered):
            st.button(f"**{plain(sign(character))}**", key=f"game.pick.{rank}", width=64,
                      help=named(character) if character.isspace() else None,
                      on_click=_take, args=(game, [character], bet))
        st.text_input(t("generate_game.type"), key=TYPED, on_change=_typed, args=(game, bet),
                      placeholder=t("generate_game.type_hint"), max_chars=play.LONGEST_TYPED,
                      label_visibility="collapsed", width=250)
        st.button(t("generate_game.no_idea"), key="game.none", type="tertiary",
                  icon=":material/question_mark:", on_click=_take, args=(game, [None], bet),
                  help=t("generate_game.no_idea_help"))
    if never := game.that_never_come(_in_the_box()):
        st.markdown(t("generate_game.never", characters=listed(never)))
    st.markdown(t("generate_game.rule"))


def _typed(game: play.Game, bet: str) -> None:
    """Each typed character is a guess, until the first wrong one. Where one cannot come none is:
    what was typed stays, to be put right."""
    picks = _in_the_box()
    if not game.that_never_come(picks):
        session.set_widget(TYPED, "")
        _take(game, picks, bet)


def _in_the_box() -> list[str | None]:
    return play.typed_characters(str(session.widget(TYPED, "") or ""))


def _take(game: play.Game, picks: list[str | None], bet: str) -> None:
    play.take(game, picks, bet)
    session.forget(LOOKED)


# -- what a round showed ---------------------------------------------------------------------------
def _round(game: play.Game) -> None:
    """The last one, or the one that was clicked: the bet, and what the network had expected."""
    if not game.guesses:
        st.markdown(t("generate_game.hidden"))
        return
    key, looked = session.recall(LOOKED, ("", -1))
    n = looked if key == game.key and 0 <= looked < len(game.guesses) else len(game.guesses) - 1
    guess, true = game.guesses[n], game.true(n)
    st.subheader(t("generate_game.was", true=named(true)), anchor=False)
    st.markdown(_your_round(game, n, guess, true))
    share = float(game.passage.shares[n])
    st.markdown(t("generate_game.network", bits=bits_text(game.networks[n]),
                  share=percent(share)))
    candidates = list(game.passage.likeliest[n])
    if all(character != true for character, _ in candidates):
        candidates.append((true, share))
    live_plot(lambda: candidates_figure(candidates, true, len(candidates), "", ""),
              key="game.expected", height=candidates_height(len(candidates)), on=(),
              alt=t("generate_game.expected_alt"), rev=(tuple(candidates), true))


def _your_round(game: play.Game, n: int, guess: play.Guess, true: str) -> str:
    values = {"bits": bits_text(game.yours[n]), "left": percent(float(2 ** -game.yours[n])),
              "true": named(true)}
    if guess.pick is None:
        return t("generate_game.you_none", **values)
    how = "right" if guess.pick == true else "wrong"
    return t(f"generate_game.you_{how}", pick=named(guess.pick),
             share=play.share_of_bet(guess.bet), **values)


# -- which text ------------------------------------------------------------------------------------
def _which_text() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.number_input(t("generate_game.number"), 1, MOST_NUMBER, key=NUMBER, step=1, width=180,
                        bind="query-params", help=t("generate_game.number_help"))
        st.button(t("generate_game.another"), icon=":material/casino:", key="game.another",
                  on_click=_another)
        st.button(t("generate_game.again"), icon=":material/restart_alt:", key="game.again",
                  type="tertiary", on_click=play.forget)


def _another() -> None:
    session.set_widget(NUMBER, int(session.widget(NUMBER, 1) or 1) % MOST_NUMBER + 1)
