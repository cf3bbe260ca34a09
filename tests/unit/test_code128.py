"""Code 128: the table of the standard, known symbols, and that what is drawn can be read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.standards import code128
from fangxian.standards.errors import InputError


def read(widths: list[int]) -> str:
    """What a scanner reads: six widths a symbol, the check symbol compared."""
    values = [code128.PATTERNS.index("".join(map(str, widths[at : at + 6]))) for at in range(0, len(widths) - 7, 6)]
    assert "".join(map(str, widths[-7:])) == code128.STOP
    *values, check = values
    assert (values[0] + sum(at * value for at, value in enumerate(values))) % 103 == check
    text, in_c = "", values[0] == 105
    for value in values[1:]:
        if value in (99, 100):
            in_c = value == 99
        else:
            text += f"{value:02}" if in_c else chr(value + 32)
    return text


def test_the_table_is_that_of_the_standard() -> None:
    assert len(set(code128.PATTERNS)) == 106
    assert {sum(map(int, pattern)) for pattern in code128.PATTERNS} == {11}
    assert {sum(map(int, pattern[::2])) % 2 for pattern in code128.PATTERNS} == {0}, "bars are even"
    # The example of the standard's text books: “PJJ123C” in set A has check 54; in set B “Wikipedia” has 88.
    assert code128.symbols("Wikipedia")[-1] == 88


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40))
def test_what_is_drawn_is_read_back(text: str) -> None:
    assert read(code128.widths(text)) == text


def test_digits_take_half_the_room() -> None:
    assert len(code128.widths("1234567890")) < len(code128.widths("ABCDEFGHIJ"))


@pytest.mark.parametrize("text", ["", "采样", "a\n"])
def test_what_cannot_be_printed_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        code128.symbols(text)
