"""Passwords of people, which are guessable, and therefore hashed slowly (argon2id)."""

import random
import threading
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from keyfob.domain.secret_value import ALPHABET
from keyfob.errors import Problem, ValidationFailed

CHARACTERS = 20  # of base62: 119 bits
SHORTEST = 12
LONGEST = 200


class Passwords:
    """Makes, hashes and compares passwords; one at a time, so that a crowd takes one core only."""

    def __init__(self, hasher: PasswordHasher, rng: random.Random) -> None:
        self._hasher = hasher
        self._rng = rng
        self._turn = threading.Lock()

    def new(self) -> str:
        """Make a password that nobody guesses."""
        return "".join(self._rng.choice(ALPHABET) for _ in range(CHARACTERS))

    def hash(self, password: str) -> str:
        """Answer what is kept of a password."""
        with self._turn:
            return self._hasher.hash(password)

    def match(self, password_hash: str | None, password: str) -> bool:
        """Compare a password; with no hash the answer is no, after the same work."""
        with self._turn:
            known = self._nobodys if password_hash is None else password_hash
            try:
                self._hasher.verify(known, password[: LONGEST + 1])
            except VerifyMismatchError:
                return False
            return password_hash is not None

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(self.new())


def demand_good_password(password: str, email: str) -> None:
    """Refuse what is easily guessed: length is what counts (NIST SP 800-63B).

    Raises:
        ValidationFailed.
    """
    if len(password) < SHORTEST:
        raise _bad(f"must have at least {SHORTEST} characters")
    if len(password) > LONGEST:
        raise _bad(f"must have at most {LONGEST} characters")
    if email.casefold() in password.casefold() or len(set(password)) < SHORTEST // 3:
        raise _bad("is too easily guessed")


def _bad(message: str) -> ValidationFailed:
    return ValidationFailed(Problem("/newPassword", message))
