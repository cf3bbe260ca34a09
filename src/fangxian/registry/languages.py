"""Names that the register has in both languages, as the reader of now wants them."""

from django.utils.translation import get_language


def is_chinese() -> bool:
    """Whether the reader of now reads Chinese."""
    return (get_language() or "zh").startswith("zh")


def said(zh: str, en: str) -> str:
    """A name in the reader's language; the Chinese one where there is no other."""
    return zh if is_chinese() else en or zh


def sentence(text: str) -> str:
    """A sentence as it stands by itself: begun large, ended with the full stop of its script."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "。")) else text + ("。" if is_chinese() else ".")
