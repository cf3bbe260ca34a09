"""What the library says to a person, in both languages."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """The same sentence in Chinese and in English."""

    zh: str
    en: str

    def in_(self, language: str) -> str:
        """The sentence in `language`: Chinese for any "zh…" tag, English for all others."""
        return self.zh if language.lower().startswith("zh") else self.en


class AnalysisError(ValueError):
    """Input that cannot be analysed; `zh` and `en` say what is wrong and what to do about it."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(zh, en)

    @property
    def zh(self) -> str:
        return self.text.zh

    @property
    def en(self) -> str:
        return self.text.en
