"""Codes that people read over the telephone: short, random, without look-alike letters, with a check character."""

import secrets

#: Crockford's letters (no I, L, O, U) without Z, which looks like 2. So there are 31, and 31 is a prime: see below.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXY"
_LENGTH = 9


def new_code() -> str:
    """A fresh ten-character code (nine random, one check), such as `7K2M9QXTB4`: 26 trillion values, no order, no count."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(_LENGTH))
    return body + check_character(body)


def new_codes(count: int) -> list[str]:
    """Many fresh codes at once, all different from each other."""
    codes: set[str] = set()
    while len(codes) < count:
        number = int.from_bytes(secrets.token_bytes(6))
        places = [number >> (5 * place) & 31 for place in range(_LENGTH)]
        if 31 not in places:
            body = "".join(ALPHABET[place] for place in places)
            codes.add(body + check_character(body))
    return list(codes)


def check_character(body: str) -> str:
    """A weighted sum modulo 31: with 31 letters and nine different weights it finds every wrong letter and every swap of two."""
    return ALPHABET[sum((place + 2) * ALPHABET.index(letter) for place, letter in enumerate(body)) % 31]


_HEARD = str.maketrans("OILZ", "0112", " -")


def normalise_code(text: str) -> str:
    """What was typed or heard, as a code: upper case, O→0, I and L→1, Z→2, spaces and hyphens dropped."""
    return text.upper().translate(_HEARD)


def is_code(text: str) -> bool:
    """Whether this is a well-formed code with the right check character."""
    return len(text) == _LENGTH + 1 and set(text) <= set(ALPHABET) and check_character(text[:-1]) == text[-1]
