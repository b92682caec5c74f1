"""Which passwords are refused: what everybody tries first, and what is known about the caller."""

import re
from collections.abc import Iterator
from importlib import resources

from zxcvbn import zxcvbn

from auth_service import refusals

MINIMUM_LENGTH = 12
# Characters that must be left when common words, runs, repeats and years are taken out.
_OWN_CHARACTERS = 6
# Shorter names appear in good passwords by chance.
_SHORTEST_NAME = 5
_RUNS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qazwsxedcrfv", "abcdefghijklmnopqrstuvwxyz")
_RUN_LENGTH = 4
_YEAR = re.compile(r"(19|20)\d\d")
_REPEAT = re.compile(r"(.)\1{2,}")
# The same signs stand for several letters: 1 is read as i, then as l.
_DISGUISES = (str.maketrans("013457@$!|", "oieastasil"), str.maketrans("01!345@$", "olleasas"))
# What zxcvbn looks at: more would take it seconds, and is strong by its length alone.
_LOOKED_AT = 72
# More than half a year of a core for whoever has the hash: one guess takes 20 ms.
_FEWEST_GUESSES = 10**9
_COMMON = frozenset(resources.files(__package__).joinpath("common.txt").read_text(encoding="utf-8").split())
_LONGEST = max(map(len, _COMMON))


def require_strong(password: str, *, email: str, organization: str) -> None:
    """Raises PASSWORD_WEAK, with the reason in words."""
    plain = password.casefold()
    if len(password) < MINIMUM_LENGTH:
        raise refusals.password_weak(f"has fewer than {MINIMUM_LENGTH} characters")
    if any(name in _letters(plain) for name in _names(email, organization)):
        raise refusals.password_weak("contains your own e-mail address or your organization's name")
    if _is_one_piece_repeated(plain):
        raise refusals.password_weak("is one short piece repeated")
    if _own_characters(plain) < _OWN_CHARACTERS or _is_soon_guessed(password, email, organization):
        raise refusals.password_weak("is little more than very common words, digits or keyboard runs")


def _is_soon_guessed(password: str, email: str, organization: str) -> bool:
    """By who tries what leaked lists, dictionaries, names, dates and keyboards suggest, in that order."""
    known = [*email.casefold().replace("@", ".").split("."), *organization.casefold().split()]
    return bool(zxcvbn(password[:_LOOKED_AT], user_inputs=known)["guesses"] < _FEWEST_GUESSES)


def _names(email: str, organization: str) -> Iterator[str]:
    local, _, domain = email.casefold().partition("@")
    for name in (local, domain.partition(".")[0], organization.casefold()):
        if len(_letters(name)) >= _SHORTEST_NAME:
            yield _letters(name)


def _letters(text: str) -> str:
    """Without the spaces and signs with which a name may be written."""
    return "".join(character for character in text if character.isalnum())


def _is_one_piece_repeated(text: str) -> bool:
    """A string that repeats a piece appears inside of its own double, before the second half."""
    return (text + text).find(text, 1) < len(text)


def _own_characters(text: str) -> int:
    """The fewest characters that are left when known pieces are taken out, whichever are chosen."""
    left = [0] * (len(text) + 1)
    for start in range(len(text) - 1, -1, -1):
        left[start] = min(
            left[start + 1] + 1, *(left[start + size] for size in _pieces(text, start)), len(text)
        )
    return left[0]


def _pieces(text: str, start: int) -> Iterator[int]:
    """Lengths of the known pieces that begin here."""
    for pattern in (_YEAR, _REPEAT):
        found = pattern.match(text, start)
        if found:
            yield len(found[0])
    for size in range(3, min(_LONGEST, len(text) - start) + 1):
        piece = text[start : start + size]
        if _is_common(piece) or (size >= _RUN_LENGTH and _is_run(piece)):
            yield size


def _is_common(piece: str) -> bool:
    return piece in _COMMON or any(piece.translate(disguise) in _COMMON for disguise in _DISGUISES)


def _is_run(piece: str) -> bool:
    return any(piece in run or piece[::-1] in run for run in _RUNS)
