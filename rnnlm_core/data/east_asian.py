"""Which double-byte encoding a text was written in, by the commonest characters of its language.

The same bytes are Korean in one encoding and rare Chinese characters in another. So what decides is
how many of the characters are ones that its language is full of; a few give a guess, no proof.
"""

from __future__ import annotations

import codecs

# beside kana, which Japanese is told by. Traditional Chinese: only what differs in shape from
# simplified, or is as common in both.
_COMMON = {
    "big5": frozenset("的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你而之山無"
                      "風日月沒過對後學發經長開見問間東車門"),
    "euc-kr": frozenset("이다는의에을를가은하고한지사도로기어나서있라그리자해니들게"
                        "수시인대아일과으안"),
    "gb18030": frozenset("的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你而之山"
                         "无风日月没过对后学发经长开见问间东车门"),
}
_JAPANESE = ("euc-jp", "shift_jis")
_LEAST_SHARE = 0.15  # of common characters; a wrong reading has hardly any
_FEWEST = 2  # of them


def east_asian(raw: bytes) -> str | None:
    """big5, euc-kr, euc-jp, shift_jis or gb18030, where the characters speak for it."""
    shares = {name: _common(raw, name) for name in (*_COMMON, *_JAPANESE)}
    best = max(shares, key=shares.__getitem__)
    return best if shares[best] >= _LEAST_SHARE else None


def _common(raw: bytes, encoding: str) -> float:
    """The share of common characters among the letters beyond ASCII, where these are the most."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(raw)  # its end may be half a letter
    except UnicodeDecodeError:
        return 0.0
    letters = [c for c in text if c.isalpha()]
    beyond = [c for c in letters if c > "\x7f"]
    common = sum(map(_is_kana, beyond)) if encoding in _JAPANESE else \
        sum(c in _COMMON[encoding] for c in beyond)
    return common / len(beyond) if common >= _FEWEST and len(beyond) * 2 >= len(letters) else 0.0


def _is_kana(character: str) -> bool:
    """Hiragana and katakana, but not the half-width kind, which any accented letter would be."""
    return "\u3041" <= character <= "\u30fe"
