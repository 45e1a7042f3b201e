"""The curated menu of hub datasets, read from `hub_menu.toml` (its head says what is known)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from rnnlm_core.data.hub_spec import HubSpec


@dataclass(frozen=True)
class MenuEntry:
    """A dataset worth a look; an empty text is not known, or is chosen when the dataset is."""

    id: str
    config: str
    split: str
    column: str
    licence: str
    size: float  # MB, 0 where it is not known
    language: str
    en: str  # what it teaches, in one sentence or two
    zh: str
    revision: str = ""  # pinned; "": the newest, for the reason at the top of the file
    marks: str = ""  # what start and end marks suit: as in `RunConfig.marks`
    unsure: tuple[str, ...] = ()  # names of the fields that nobody has seen

    @property
    def spec(self) -> HubSpec:
        """Which text it is, all that is not known left open."""
        return HubSpec(self.id, self.config or None, self.split or None, self.column or None,
                       self.revision or None)

    def sentence(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


@cache
def hub_menu() -> tuple[MenuEntry, ...]:
    """All of it, in the order in which it is offered."""
    text = resources.files(__package__).joinpath("hub_menu.toml").read_text("utf-8")
    return tuple(MenuEntry(**{**entry, "unsure": tuple(entry.get("unsure", ()))})
                 for entry in tomllib.loads(text)["dataset"])
