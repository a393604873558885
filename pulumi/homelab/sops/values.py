"""Random values in the forms that products accept, from the operating system's source of randomness."""

import secrets
import string
from collections.abc import Callable

ALPHANUMERIC = string.ascii_letters + string.digits

Make = Callable[[], str]


def token(prefix: str, size: int) -> Make:
    """`size` random bytes in hex behind `prefix`; a letter there keeps a product from reading it as a number."""
    return lambda: prefix + secrets.token_hex(size)


def alphanumeric(length: int) -> Make:
    """Letters and digits, 5.95 bits each.

    For products that judge the Shannon entropy of the text: ContextForge wants 3.5 bits a character, which one
    in a hundred draws of 48 hex digits does not have, and 48 of 62 characters always do (expected: 5.0).
    """
    return lambda: "".join(secrets.choice(ALPHANUMERIC) for _ in range(length))


def password(length: int) -> Make:
    """Alphanumeric, opened by one of each kind that password policies demand: upper, lower, digit, other."""
    rest = alphanumeric(length)
    return lambda: "Aa1." + rest()


def fixed(value: str) -> Make:
    return lambda: value
