"""Code 128 (ISO/IEC 15417), as the bars of a label: what swab points print on tubes and scanners read back.

Text is written in code set B, runs of digits in set C, which takes half the room.
"""

from __future__ import annotations

import re

from fangxian.standards.errors import InputError
from fangxian.text import Text

#: Widths of three bars and three spaces in modules, by symbol value 0–105.
PATTERNS = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 123122 "
    "123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 "
    "131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 "
    "213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 121124 121421 141122 "
    "141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 "
    "124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 "
    "411131 211412 211214 211232"
).split()
STOP = "2331112"
_CODE_C, _CODE_B, _START_B, _START_C = 99, 100, 104, 105
_RUNS = re.compile(r"(?:\d\d){2,}")


def symbols(text: str) -> list[int]:
    """Start, data and check symbols. Raises InputError for anything but printable ASCII."""
    if not text or not all(" " <= letter <= "~" for letter in text):
        raise InputError(
            Text(f"“{text}”不能印成 Code 128 条码", f"“{text}” cannot be printed as Code 128"),
            Text("请只用英文字母、数字和常用符号", "Use letters, digits and common signs of ASCII only"),
        )
    found: list[int] = []
    place, in_c = 0, False
    while place < len(text):
        run = _RUNS.match(text, place)
        if run:
            if not in_c:
                found.append(_CODE_C if found else _START_C)
                in_c = True
            found += [int(run[0][at : at + 2]) for at in range(0, len(run[0]), 2)]
            place = run.end()
            continue
        if in_c or not found:
            found.append(_CODE_B if found else _START_B)
            in_c = False
        found.append(ord(text[place]) - 32)
        place += 1
    check = (found[0] + sum(at * value for at, value in enumerate(found))) % 103
    return [*found, check]


def widths(text: str) -> list[int]:
    """Bars and spaces by turns, in modules, the first a bar; without the quiet zones of ten modules on either side."""
    return [int(width) for value in symbols(text) for width in PATTERNS[value]] + [int(width) for width in STOP]
