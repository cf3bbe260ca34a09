"""Keys, encryption at rest and blind indexes.

An identity number has so few possible values that a plain hash of it can be searched through in seconds; so numbers are
encrypted (AES-256-GCM) and found again only through a keyed index (HMAC-SHA-256) whose key never leaves this installation.
Losing the key file means losing the numbers: `fangxian doctor` says where it lies and to back it up apart from the database.
"""

import base64
import hmac
import json
import os
import secrets
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings


class KeyFault(ValueError):
    """A key file that cannot be used, or a value sealed under another key."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The four keys of an installation, base64 of 32 bytes each."""

    session: str
    seal: str
    index: str
    sign: str

    @classmethod
    def fresh(cls) -> "Keys":
        return cls(*(base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(4)))


def load_keys(path: Path, given: str = "") -> Keys:
    """Keys from `given` (JSON, for deployments with a secret store) or from the file, which is made on first use (mode 600)."""
    try:
        if given:
            return Keys(**json.loads(given))
        if not path.exists():
            fresh = Keys.fresh()
            try:  # two processes may start at once: whoever comes second reads what the first wrote
                with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                    json.dump(asdict(fresh), file)
                return fresh
            except FileExistsError:
                pass
        return Keys(**json.loads(path.read_text()))
    except (TypeError, ValueError) as fault:
        raise KeyFault(
            f"{'FANGXIAN_KEYS' if given else path}: not a key file ({fault}). Restore it from its backup; "
            "do not delete it, encrypted identity numbers cannot be read without it."
        ) from fault


@lru_cache
def _cipher(key: str) -> AESGCM:
    return AESGCM(_raw(key))


@lru_cache
def _raw(key: str) -> bytes:
    return base64.b64decode(key)


def seal(text: str) -> bytes:
    """Encrypt a short text: 12 bytes nonce, then ciphertext with tag."""
    return seal_bytes(text.encode())


def seal_bytes(content: bytes) -> bytes:
    """Encrypt bytes in the same way."""
    nonce = secrets.token_bytes(12)
    return nonce + _cipher(settings.KEYS.seal).encrypt(nonce, content, None)


def unseal(blob: bytes | memoryview) -> str:
    """The text that `seal` hid. Raises KeyFault where the key is another one or the bytes were changed."""
    return unseal_bytes(blob).decode()


def unseal_bytes(blob: bytes | memoryview) -> bytes:
    """The bytes that `seal_bytes` hid. Raises KeyFault where the key is another one or they were changed."""
    blob = bytes(blob)
    try:
        return _cipher(settings.KEYS.seal).decrypt(blob[:12], blob[12:], None)
    except InvalidTag as fault:
        raise KeyFault(
            "A sealed value does not open: it was altered, or the key file is not the one it was sealed with."
        ) from fault


def blind_index(kind: str, text: str) -> str:
    """A keyed, per-kind fingerprint (32 hex characters) by which an equal value is found without being readable."""
    return hmac.digest(_raw(settings.KEYS.index), f"{kind}\0{text}".encode(), "sha256").hex()[:32]


def signing_key() -> Ed25519PrivateKey:
    """The key that signs journal heads."""
    return Ed25519PrivateKey.from_private_bytes(_raw(settings.KEYS.sign))
