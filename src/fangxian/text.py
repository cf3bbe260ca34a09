"""What the product says to a person, in both languages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """The same sentence in Chinese and in English."""

    zh: str
    en: str

    def in_(self, language: str) -> str:
        """The sentence in `language`: Chinese for any "zh…" tag, English for all others."""
        return self.zh if language.lower().startswith("zh") else self.en

    def joined(self, other: Text, between: str = "") -> Text:
        """This text followed by another, language by language."""
        return Text(self.zh + between + other.zh, self.en + between + other.en)

    def __str__(self) -> str:
        return self.en


def listed(texts: Iterable[Text], zh: str = "、", en: str = ", ") -> Text:
    """Several texts as one list, with the separators each language uses."""
    texts = tuple(texts)
    return Text(zh.join(text.zh for text in texts), en.join(text.en for text in texts))
