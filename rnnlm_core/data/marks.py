"""How the marks around a document are shown. No text can hold them: they are ids of their own."""

START, END = "⟨start⟩", "⟨end⟩"
_SHORT = {START: "⟨", END: "⟩"}


def short(piece: str) -> str:
    """A mark in one sign, where there is room for one; every other piece as it is."""
    return _SHORT.get(piece, piece)
