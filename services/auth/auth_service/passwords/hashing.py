"""argon2id in a bounded pool of threads: one hash a core, and a queue that refuses early."""

import asyncio
import os
import secrets
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import argon2

from auth_service import refusals

ResultT = TypeVar("ResultT")

# OWASP's recommendation for argon2id: 19 MiB, two passes, one lane.
_PASSES, _MEMORY_KIB, _LANES = 2, 19 * 1024, 1
_NICENESS = 15


class Passwords:
    """Hashes and verifies. argon2 leaves the interpreter's lock, so the event loop goes on."""

    def __init__(self, *, threads: int, queue: int) -> None:
        self._limit = threads + queue
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2", initializer=_step_back)
        self._argon2 = argon2.PasswordHasher(_PASSES, _MEMORY_KIB, _LANES)
        # What an unknown e-mail is verified against, so that it takes what a known one takes.
        self._nobody = self._argon2.hash(secrets.token_urlsafe())
        self.pending = 0

    @property
    def nobodys(self) -> str:
        """A hash whose password nobody knows, for an account that has none."""
        return self._nobody

    def close(self) -> None:
        """Drops what waits, and does not wait for what runs."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def require_room(self) -> None:
        """Refuses before anything was done for a password that could not be looked at. Raises OVERLOADED."""
        if self.pending >= self._limit:
            raise refusals.hashing_overloaded(self._limit)

    async def hash(self, password: str) -> str:
        """argon2's own encoding with salt and parameters. Raises OVERLOADED."""
        return await self._run(lambda: self._argon2.hash(_normalized(password)))

    async def verify(self, encoded: str | None, password: str) -> bool:
        """Whether it is the password. Without a hash, or with an empty one, the same work is done."""
        right = await self._run(lambda: self._matches(encoded or self._nobody, password))
        return right and bool(encoded)

    async def rehashed(self, encoded: str, password: str) -> str | None:
        """A hash with today's parameters, where `encoded` has others."""
        return await self.hash(password) if self._argon2.check_needs_rehash(encoded) else None

    def _matches(self, encoded: str, password: str) -> bool:
        try:
            return self._argon2.verify(encoded, _normalized(password))
        except argon2.exceptions.VerifyMismatchError:
            return False

    async def _run(self, work: Callable[[], ResultT]) -> ResultT:
        self.require_room()
        self.pending += 1
        try:
            # A caller who leaves takes its hash out of the queue.
            return await asyncio.wrap_future(self._pool.submit(work))
        finally:
            self.pending -= 1


def _step_back() -> None:
    """Hashing yields to the event loop, which answers everybody else, wherever both want the same core.

    `make bench-auth`, two cores: in a flood of sign-ins others' p99 is 5 times the quiet one, and 12 times by
    niceness, which is what other systems than Linux have.
    """
    if hasattr(os, "sched_setscheduler"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    else:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def _normalized(password: str) -> str:
    """The same characters typed on another keyboard are the same password (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)
