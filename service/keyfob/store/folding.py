"""Text as it is looked for: a column beside the text keeps it, and a search is folded alike."""


def folded(text: str) -> str:
    """Fold text so that letters compare equal in any case, and in no other way."""
    return text.casefold()
