"""The levels of jurisdiction, by the length of their codes (GB/T 2260, then three digits a level)."""

LENGTHS = {"province": 2, "city": 4, "county": 6, "township": 9, "village": 12, "grid": 15, "building": 18}
LEVELS = {length: level for level, length in LENGTHS.items()}


def upwards(code: str) -> list[str]:
    """The code itself and every jurisdiction above it, nearest first: 330106001 → [330106001, 330106, 3301, 33]."""
    return [code[:length] for length in sorted(LEVELS, reverse=True) if length <= len(code)]


def level_of(code: str) -> str:
    """The level of a code; "country" for the empty one. A length between two levels belongs to the one above."""
    return LEVELS.get(len(upwards(code)[0]), "country") if upwards(code) else "country"


def at_level(code: str, level: str) -> str:
    """The jurisdiction of that level which contains the code, or the nearest there is (the code itself, if it is higher)."""
    return code[: LENGTHS[level]]
