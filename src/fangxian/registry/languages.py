"""Names that the register has in both languages, as the reader of now wants them."""

from django.utils.translation import get_language


def is_chinese() -> bool:
    """Whether the reader of now reads Chinese."""
    return (get_language() or "zh").startswith("zh")


def said(zh: str, en: str) -> str:
    """A name in the reader's language; the Chinese one where there is no other."""
    return zh if is_chinese() else en or zh
