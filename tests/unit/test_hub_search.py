"""Waiting for one's turn at the hub's search; what it finds is tested in test_hub.py."""

from __future__ import annotations

import pytest

from rnnlm_core.data import hub_search
from rnnlm_core.data.hub_search import HubHit, search_hub
from rnnlm_core.errors import CorpusError

HITS = (HubHit("acme/stories", 3, False, "mit", ("en",)),)


def test_who_has_typed_on_leaves_the_line_at_once() -> None:
    with hub_search._turn, pytest.raises(CorpusError) as caught:  # somebody else is served
        search_hub("sto", cancelled=lambda: True)
    assert caught.value.code == "hub.cancelled"


def test_the_line_counts_as_waiting_for_the_hub() -> None:
    with hub_search._turn, pytest.raises(CorpusError) as caught:
        search_hub("sto", seconds=0.2)
    assert caught.value.code == "hub.timeout"
    assert hub_search._turn.acquire(blocking=False)  # whoever leaves does not take the turn along
    hub_search._turn.release()


def test_what_is_kept_needs_no_turn_and_the_oldest_is_dropped(
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_search, "_found", {})
    for number in range(300):
        hub_search._keep(f"words {number}", HITS)
    with hub_search._turn:
        assert search_hub(" Words  299 ") == HITS
    assert len(hub_search._found) == 256 and "words 43" not in hub_search._found
