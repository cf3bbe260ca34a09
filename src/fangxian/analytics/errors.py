"""What the library says to a person who gives it something it cannot use."""

from fangxian.text import Text


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
