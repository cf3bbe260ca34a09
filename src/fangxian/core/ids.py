"""Codes that people read over the telephone: short, random, without look-alike letters, with a check character."""

import secrets

#: Crockford's base 32: no I, L, O, U.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH = 9


def new_code() -> str:
    """A fresh ten-character code (nine random, one check), such as `7K2M9QXTB4`: 35 trillion values, no order, no count."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(_LENGTH))
    return body + check_character(body)


def new_codes(count: int) -> list[str]:
    """Many fresh codes at once, all different from each other."""
    codes: set[str] = set()
    while len(codes) < count:
        number = int.from_bytes(secrets.token_bytes(6))
        body = "".join(ALPHABET[number >> (5 * place) & 31] for place in range(_LENGTH))
        codes.add(body + check_character(body))
    return list(codes)


def check_character(body: str) -> str:
    """ISO 7064-style MOD 37,36 would need letters that look alike; a weighted sum modulo 31 finds every single slip and swap."""
    return ALPHABET[sum((place + 2) * ALPHABET.index(letter) for place, letter in enumerate(body)) % 31]


_HEARD = str.maketrans("OIL", "011", " -")


def normalise_code(text: str) -> str:
    """What was typed or heard, as a code: upper case, O→0, I and L→1, spaces and hyphens dropped."""
    return text.upper().translate(_HEARD)


def is_code(text: str) -> bool:
    """Whether this is a well-formed code with the right check character."""
    return len(text) == _LENGTH + 1 and set(text) <= set(ALPHABET) and check_character(text[:-1]) == text[-1]
