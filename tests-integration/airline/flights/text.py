import unicodedata


def fold(text: str) -> str:
    """Text as it is searched: without accents and case, so that "zurich" finds "Zürich"."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
