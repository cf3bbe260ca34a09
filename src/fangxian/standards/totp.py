"""One-time passwords (动态口令) as authenticator apps compute them: RFC 4226, RFC 6238, and the address in their QR codes."""

import base64
import hmac
from urllib.parse import quote, urlencode

#: What apps take for granted: a code of six digits every thirty seconds, by SHA-1.
DIGITS, PERIOD = 6, 30


def hotp(secret: bytes, counter: int, *, digits: int = DIGITS, algorithm: str = "sha1") -> str:
    """The code of a counter (RFC 4226, 5.3: dynamic truncation of an HMAC)."""
    mac = hmac.digest(secret, counter.to_bytes(8), algorithm)
    place = mac[-1] & 0x0F
    number = int.from_bytes(mac[place : place + 4]) & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def step(seconds: float) -> int:
    """The counter of an instant, in seconds since 1970 (RFC 6238, 4.2)."""
    return int(seconds // PERIOD)


def fitting(secret: bytes, code: str, now: float, *, after: int = -1, drift: int = 1) -> int | None:
    """The step whose code this is, at most `drift` steps from now and later than `after`; None where it is none of them.

    A code that was taken is not taken again (RFC 6238, 5.2): pass its step as `after`. Every step is compared, in the same time.
    """
    here, found = step(now), None
    for one in range(max(0, here - drift), here + drift + 1):
        if hmac.compare_digest(hotp(secret, one).encode(), code.encode()) and one > after:
            found = one
    return found


def shared(secret: bytes) -> str:
    """The secret as it is typed into an app: base32 without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def address(secret: bytes, account: str, issuer: str) -> str:
    """What the QR code says (the key URI format that apps agree on)."""
    label = quote(f"{issuer}:{account}", safe="")
    told = {"secret": shared(secret), "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": PERIOD}
    return f"otpauth://totp/{label}?{urlencode(told, quote_via=quote)}"
