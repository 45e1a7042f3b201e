"""Which of the old one-byte code pages a text was written in, by the letters of its languages.

A code page of Latin script is told by the accented letters: those of French are č, ŕ and ę when
read as Central European, which no one language has together. Cyrillic and Greek are told by their
commonest letters, which in a wrong reading are rare ones, capitals or signs.
"""

from __future__ import annotations

from collections import Counter

# letters beyond ASCII, and the signs of their own, of the languages that are written with each
_LATIN = {
    "cp1252": ("äöüß", "àâæçèéêëîïôùûüÿœ", "áéíóúüñ¿¡ªº", "àáâãçéêíóôõúü", "àèéìíîòóùú", "åäöæøéü",
               "áðéíóúýþæö", "àçèéíïòóúü·", "éèêëïñöçôàâüí£¥¼¾"),  # the last: English
    "cp1250": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "ăâîşţ"),
}
# stand at the same place in both, and tell nothing
_SIGNS = frozenset("€‚„…†‡‰‹‘’“”•–—™›\u00a0¤¦§¨©«¬\u00ad®°±´µ¶·»¸")
_COVERED = 0.9  # of the letters beyond ASCII by one language: what Central European must have,
_AHEAD = 0.1  # and by how much more than Western European has
_TELLING = 2  # letters that no Western language has, where one Central European has them all
_COMMON = {"cp1251": "оеаинтсрвлкмдпу", "koi8-r": "оеаинтсрвлкмдпу", "cp1253": "αοιετσνηυρπκμλς"}
_SHARE_OF_COMMON = 0.6  # Russian and Greek have four fifths, other readings a quarter
_FEWEST = 8  # letters


def latin(raw: bytes) -> str | None:
    """cp1252, or cp1250 where the letters speak clearly for it; None where the text is neither."""
    found = {name: share for name in _LATIN if (share := _covered(raw, name)) is not None}
    western, central = found.get("cp1252"), found.get("cp1250")
    if central is not None and central[0] >= _COVERED and (
            western is None or western[0] <= central[0] - _AHEAD
            or (central[1] == 0 and western[1] >= _TELLING)):
        return "cp1250"
    return None if western is None or western[0] < 0.5 else "cp1252"


def is_clear(raw: bytes, code_page: str) -> bool:
    """Whether one language of this code page has nearly all of the letters beyond ASCII."""
    found = _covered(raw, code_page)
    return found is not None and found[0] >= _COVERED


def _covered(raw: bytes, code_page: str) -> tuple[float, int] | None:
    """The share of the letters beyond ASCII that one language has, of the one that has most, and
    how many it has not; None where the bytes are not of this code page, or most letters are none of
    ASCII's (of a short sentence for showing accents, more than half may be)."""
    text = _read(raw, code_page)
    if text is None:
        return None
    counts = Counter(text.lower())
    beyond = {c: n for c, n in counts.items() if c > "\x7f" and c not in _SIGNS}
    among = sum(beyond.values())
    most = max(sum(n for c, n in beyond.items() if c in letters) for letters in _LATIN[code_page])
    ascii_ = sum(n for c, n in counts.items() if "a" <= c <= "z")
    if among > (2 * ascii_ if most == among else ascii_):
        return None
    return (most / among, among - most) if among else (1.0, 0)


def cyrillic_or_greek(raw: bytes) -> str | None:
    """cp1251, koi8-r or cp1253, where the letters speak clearly for one."""
    shares = {name: _common(raw, name) for name in _COMMON}
    best = max(shares, key=shares.__getitem__)
    return best if shares[best] >= _SHARE_OF_COMMON else None


def _common(raw: bytes, code_page: str) -> float:
    """The share of the commonest small letters among all that is beyond ASCII, where most is."""
    text = _read(raw, code_page) or ""
    beyond = [c for c in text if c > "\x7f" and c not in _SIGNS]
    if len(beyond) < max(_FEWEST, sum(c.isalpha() for c in text) / 2):
        return 0.0
    return sum(c in _COMMON[code_page] for c in beyond) / len(beyond)


def _read(raw: bytes, code_page: str) -> str | None:
    try:
        return raw.decode(code_page)
    except UnicodeDecodeError:
        return None
