"""Names across scripts: is 张伟 the same name as "Wei ZHANG", 曾丽 as 增莉, "Mohamed Ali" as "Ali Muhammad"?

A written name is parsed once (`parse`) into a `Name`; `alike` says how close two are; `name_keys` gives the keys under which likely
namesakes meet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise, permutations, product
from typing import NamedTuple

from rapidfuzz.distance import OSA

from fangxian.analytics.linkage.chinese import (
    COMPOUND_SURNAMES,
    SURNAMES,
    fold,
    is_han,
    name_readings,
    plain_letters,
    segment,
    simplified,
    surname_length,
    surname_syllables,
)

# How close two names are, closest first.
LEVELS = ("same", "sound", "near", "part", "surname", "differ")
SAME, SOUND, NEAR, PART, SURNAME, DIFFER = range(6)

Unit = tuple[str, ...]

_MOST_READINGS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """One way of writing a name; the same writing gives the same object.

    words: the characters, or the words in Latin letters. units: for a name that can be read as pinyin the readings of each
    syllable, else empty; folded: the same without accents; bag: all of those. surname: how many syllables it takes. chinese: has
    a Chinese surname where one would stand. text and sound: as written and as usually read, in an order of their own, so
    that swapped names share them.
    """

    words: tuple[str, ...]
    han: bool
    units: tuple[Unit, ...]
    folded: tuple[Unit, ...]
    bag: frozenset[str]
    surname: int
    chinese: bool
    text: str
    sound: str


@lru_cache(200_000)
def parse(text: str) -> tuple[Name, ...]:
    """The names in a written one: "张伟 (Zhang Wei)" holds two. Empty for text without letters or characters."""
    found: list[Name] = []
    for part in re.split(r"[()（）\[\]【】/、;；|]", text):
        han = simplified("".join(filter(is_han, part)))
        if han:
            found.append(_han(han, foreign=bool(re.search("[·•・．.]", part)) or len(han) > 4))
        words = plain_letters(part)
        if words and (len(words) > 1 or len(words[0]) > 1):
            found.append(_latin(tuple(words)))
    return tuple(dict.fromkeys(found))


@lru_cache(200_000)
def _han(text: str, foreign: bool) -> Name:
    units = name_readings(text)
    chinese = not foreign and (text[:1] in SURNAMES or text[:2] in COMPOUND_SURNAMES)
    return _name(tuple(text), True, units, surname_length(text), chinese)


@lru_cache(200_000)
def _latin(words: tuple[str, ...]) -> Name:
    split = [segment(word) for word in words]
    if any(part is None for part in split):
        return _name(words, False, (), 1, False)
    flat = [syllable for part in split for syllable in part or ()]
    last_first = flat[-1:] + flat[:-1]
    known = surname_syllables()
    chinese = 1 < len(flat) < 5 and any(tuple(x[:n]) in known for x in (flat, last_first) for n in (1, 2))
    return _name(words, False, tuple((s,) for s in flat), 2 if tuple(flat[:2]) in known else 1, chinese)


def _name(words: tuple[str, ...], han: bool, units: tuple[Unit, ...], surname: int, chinese: bool) -> Name:
    folded = tuple(tuple(dict.fromkeys(map(fold, unit))) for unit in units)
    bag = frozenset(s for unit in folded for s in unit)
    text = ("" if han else " ").join(sorted(words))
    sound = " ".join(sorted(unit[0] for unit in units) or sorted(words))
    return Name(words, han, units, folded, bag, surname, chinese, text, sound)


class Likeness(NamedTuple):
    """How close two written names are, and under what name each is counted where its frequency matters."""

    level: int
    names: tuple[str, str]


def alike(ours: Sequence[Name], theirs: Sequence[Name]) -> list[Likeness]:
    """Every way of writing one person's name against every way of writing the other's.

    Empty where nothing can be compared: no name, or a transliterated foreign name against Latin letters.
    """
    found = []
    for a in ours:
        for b in theirs:
            level = _compare(a, b)
            if level is not None:
                found.append(Likeness(level, (a.text, b.text) if level == SAME else (a.sound, b.sound)))
    return found


def _compare(a: Name, b: Name) -> int | None:
    if a.han and b.han:
        return SAME if a.words == b.words else _by_sound(a, b)
    if not a.han and not b.han:
        if a.chinese and b.chinese:  # two romanised Chinese names a letter apart are two names
            return _by_sound(a, b)
        level = _by_letters(a.words, b.words)
        return min(level, _by_sound(a, b)) if a.units and b.units else level
    han, latin = (a, b) if a.han else (b, a)
    if latin.units:
        level = _by_sound(a, b)
    else:
        first, *rest = (unit[0] for unit in han.units)
        level = _by_letters((first, "".join(rest)), latin.words)
    return level if level <= NEAR or (han.chinese and latin.chinese) else None


def _by_sound(a: Name, b: Name) -> int:
    if a.bag.isdisjoint(b.bag):
        return DIFFER
    if len(a.units) == len(b.units):
        if _read_alike(a.units, b.units):
            return SOUND
        if _read_alike(a.folded, b.folded):
            return NEAR
    family = any(_starts_alike(x, y) for x in _surnames(a) for y in _surnames(b))
    if len(a.bag) > 1 and len(b.bag) > 1:
        common = _matched(a.folded, b.folded)
        if common > 1 and (family or common == min(len(a.units), len(b.units))):
            return PART
    return SURNAME if family else DIFFER


def _surnames(name: Name) -> list[tuple[Unit, ...]]:
    """The surnames a name may have: characters put it first, Latin letters first or last."""
    first = name.folded[: name.surname]
    return [first] if name.han else [first, name.folded[-1:]]


def _starts_alike(a: Sequence[Unit], b: Sequence[Unit]) -> bool:
    return len(a) == len(b) and all(x[0] == y[0] or not set(x).isdisjoint(y) for x, y in zip(a, b, strict=True))


def _read_alike(a: Sequence[Unit], b: Sequence[Unit]) -> bool:
    """The same syllables in the same order, or with the surname moved to the other end."""
    if _starts_alike(a, b):
        return True
    size = len(b)
    return any(_starts_alike(a, (*b[shift:], *b[:shift])) for shift in {1, 2, size - 1, size - 2} if 0 < shift < size)


def _matched(a: Sequence[Unit], b: Sequence[Unit]) -> int:
    """How many syllables of one name are found in the other, each used once."""
    left = list(b)
    common = 0
    for unit in a:
        for i, other in enumerate(left):
            if unit[0] == other[0] or not set(unit).isdisjoint(other):
                del left[i]
                common += 1
                break
    return common


@lru_cache(200_000)
def _by_letters(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    if sorted(a) == sorted(b) or "".join(a) == "".join(b):
        return SAME
    one, other = "".join(sorted(a)), "".join(sorted(b))
    slips = 1 if min(len(one), len(other)) < 10 else 2
    if min(len(one), len(other)) > 4 and (
        OSA.distance(one, other, score_cutoff=slips) <= slips
        or OSA.distance("".join(a), "".join(b), score_cutoff=slips) <= slips
    ):
        return NEAR
    short, long = sorted((a, b), key=lambda words: (len(words), words))
    left = list(long)
    whole = initials = 0
    for word in sorted(short, key=len, reverse=True):
        match = min(left, key=lambda other: _word_distance(word, other), default=None)
        if match is not None and (distance := _word_distance(word, match)) < 2:
            left.remove(match)
            whole, initials = whole + (distance == 0), initials + (distance == 1)
    if whole and whole + initials == len(short) and len(short) > 1:
        return NEAR
    if whole >= 2:
        return PART
    return SURNAME if whole else DIFFER


def _word_distance(a: str, b: str) -> int:
    """0 for the same word but for a slip or a spelling, 1 for a word and its initial, 2 for others."""
    if a == b:
        return 0
    if min(len(a), len(b)) == 1:
        return 1 if a[0] == b[0] else 2
    shorter = min(len(a), len(b))
    slips = 0 if shorter < 4 else 1 if shorter < 7 else 2
    if slips and shorter > 4 and phonetic(a) == phonetic(b):
        slips = 3  # Mohamed, Muhammad
    return 0 if slips and OSA.distance(a, b, score_cutoff=slips) <= slips else 2


def name_keys(names: Iterable[Name]) -> set[str]:
    """Keys under which people of nearly the same name meet.

    n: the name as it sounds, folded and in sorted order, for each way of reading it. s: for names that are not Chinese each
    word's phonetic code with the initial of each other, so that a middle name may be missing and a word misspelt or cut short.
    """
    keys: set[str] = set()
    for name in names:
        if name.folded:
            choices = [unit[: 2 if name.han else 1] for unit in name.folded]
            keys.update("n:" + " ".join(sorted(reading)) for reading in islice(product(*choices), _MOST_READINGS))
        if not name.han and not name.chinese:
            for x, y in permutations(name.words, 2):
                if len(x) > 1:
                    keys.add(f"s:{phonetic(x)} {y[0]}")
            if len(name.words) == 1:
                keys.add(f"s:{phonetic(name.words[0])}")
    return keys


_CLASSES = {
    letter: str(n) for n, letters in enumerate(("bfpvw", "cgjkqsxz", "dt", "l", "mn", "r"), 1) for letter in letters
}


@lru_cache(100_000)
def phonetic(word: str) -> str:
    """A Soundex-like code that also forgives the first letter: consonant classes in order, doubled ones once, at most four."""
    word = word.replace("ph", "f").replace("gh", "g")
    codes: list[str] = [_CLASSES.get(word[0], "0")] if word else []
    for before, letter in pairwise(word):
        code = _CLASSES.get(letter)
        if code and code != _CLASSES.get(before):
            codes.append(code)
    return "".join(codes[:4])
