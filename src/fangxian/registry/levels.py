"""The levels of jurisdiction by the length of their codes. The codes themselves (GB/T 2260, GB/T 10114) are in `standards.cn_ids`.

These functions take codes that are in the register already and run for every subject of every duty, so they only cut strings.
"""

from fangxian.standards.cn_ids import AREA_LENGTHS

LEVELS = {length: "village" if name == "community" else str(name) for length, name in AREA_LENGTHS.items()}
LENGTHS = {level: length for length, level in LEVELS.items()}
_NEAREST_FIRST = sorted(LEVELS, reverse=True)


def upwards(code: str) -> list[str]:
    """The code itself and every jurisdiction above it, nearest first: 330106001 → [330106001, 330106, 3301, 33]."""
    return [code[:length] for length in _NEAREST_FIRST if length <= len(code)]


def level_of(code: str) -> str:
    """The level of a code; "country" for the empty one. A length between two levels belongs to the one above."""
    return LEVELS.get(len(upwards(code)[0]), "country") if upwards(code) else "country"


def at_level(code: str, level: str) -> str:
    """The jurisdiction of that level which contains the code, or the nearest there is (the code itself, if it is higher).

    Of the nation, and of any level above the province, that is the empty code.
    """
    return code[: LENGTHS.get(level, 0)]


def common(codes: list[str]) -> str:
    """The smallest jurisdiction that contains all the codes."""
    paths = [set(upwards(code)) for code in codes]
    return max(set.intersection(*paths), key=len, default="") if paths else ""
