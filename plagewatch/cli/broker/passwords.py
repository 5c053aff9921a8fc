"""Passwords of loggers: made by chance, kept by the broker as hashes that Mosquitto 2 reads."""

import base64
import hashlib
import secrets
from collections.abc import Mapping

# Each connection costs the broker this work, in the one thread that also carries the packets. Stretching makes guessing
# of words dear; these passwords are 192 bits of chance, which nobody guesses, so the work of `mosquitto_passwd` does.
ITERATIONS = 101
SALT_BYTES = 12


def new_password() -> str:
    """A password of 192 bits, 32 letters, digits, - and _."""
    return secrets.token_urlsafe(24)


def hashed(password: str, salt: bytes) -> str:
    """The password as Mosquitto's `$7$` form: PBKDF2 with HMAC-SHA512, salt and hash in Base64.

    >>> hashed("secret", bytes(12))[:24]
    '$7$101$AAAAAAAAAAAAAAAA$'
    """
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS, 64)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


def with_new_salt(password: str) -> str:
    """The password as it stands in the broker's file."""
    return hashed(password, secrets.token_bytes(SALT_BYTES))


def read(text: str) -> dict[str, str]:
    """User and hash of each line of a password file.

    >>> read("cellar:$7$101$aa$bb\\n")
    {'cellar': '$7$101$aa$bb'}
    """
    pairs = (line.rpartition(":") for line in text.splitlines() if ":" in line)
    return {user: hash_ for user, _, hash_ in pairs}


def written(hashes: Mapping[str, str]) -> str:
    """The password file."""
    return "".join(f"{user}:{hash_}\n" for user, hash_ in sorted(hashes.items()))
