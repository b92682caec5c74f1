"""Prompt-cache accounting: which part of a prompt is read from the cache, and which is written to it.

A prompt is a row of blocks, some marked as breakpoints. What is written becomes readable when the response
that writes it has begun, so identical requests in flight together each pay for the write, as with Claude.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MIN_TOKENS = 1_024
LOOKBACK_BLOCKS = 20  # where an earlier entry is looked for: at a breakpoint, and at the 19 blocks before
MAX_ENTRIES = 10_000
FIVE_MINUTES = 300.0
ONE_HOUR = 3_600.0


@dataclass(frozen=True)
class PromptBlock:
    """One block of a prompt. `ttl` in seconds where it carries a cache breakpoint."""

    canonical: bytes
    tokens: int
    ttl: float | None = None


@dataclass(frozen=True)
class CacheUse:
    """Input tokens by how they are billed; their sum is the prompt's size."""

    uncached: int
    read: int = 0
    write_5m: int = 0
    write_1h: int = 0

    @property
    def written(self) -> int:
        """All tokens written to the cache."""
        return self.write_5m + self.write_1h

    @property
    def total(self) -> int:
        """The whole prompt in tokens."""
        return self.uncached + self.read + self.written


@dataclass(frozen=True)
class CachePlan:
    """What one request will read and write; given to `PromptCache.begin` when its response begins."""

    use: CacheUse
    entries: tuple[tuple[str, float], ...]  # prefix digest, seconds to live


@dataclass(frozen=True)
class _Prefix:
    digest: str
    tokens: int
    ttl: float | None


class PromptCache:
    """Entries by prefix digest, each alive until its TTL after it was last written or read."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock`: monotonic seconds."""
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, float]] = OrderedDict()  # digest → (expires, ttl)

    def plan(self, namespace: str, blocks: Sequence[PromptBlock], shortest: int = MIN_TOKENS) -> CachePlan:
        """Account for a prompt; `namespace` (account and model) separates caches.

        A prefix of fewer than `shortest` tokens is not cached, and nothing says so.
        """
        if not any(block.ttl is not None for block in blocks):
            return CachePlan(CacheUse(sum(block.tokens for block in blocks)), ())
        prefixes = _prefixes(namespace, blocks)
        total = prefixes[-1].tokens if prefixes else 0
        marks = [
            i for i, prefix in enumerate(prefixes) if prefix.ttl is not None and prefix.tokens >= shortest
        ]
        hit = self._longest_hit(prefixes, marks)
        read = prefixes[hit].tokens if hit is not None else 0
        written = [prefixes[i] for i in marks if prefixes[i].tokens > read]
        one_hour = max((p.tokens for p in written if p.ttl == ONE_HOUR), default=read)
        end = max((p.tokens for p in written), default=read)
        use = CacheUse(total - end, read, end - max(one_hour, read), max(one_hour - read, 0))
        entries = [(p.digest, p.ttl or FIVE_MINUTES) for p in written]
        if hit is not None:
            entries.append((prefixes[hit].digest, self._entries[prefixes[hit].digest][1]))
        return CachePlan(use, tuple(entries))

    def begin(self, plan: CachePlan) -> None:
        """The response has begun: what it wrote can be read from now on, what it read lives on."""
        now = self._clock()
        for digest, ttl in plan.entries:
            self._entries[digest] = (now + ttl, ttl)
            self._entries.move_to_end(digest)
        while len(self._entries) > MAX_ENTRIES:
            self._entries.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def _longest_hit(self, prefixes: Sequence[_Prefix], marks: Sequence[int]) -> int | None:
        now = self._clock()
        for mark in reversed(marks):
            for index in range(mark, max(mark - LOOKBACK_BLOCKS, -1), -1):
                expires, _ = self._entries.get(prefixes[index].digest, (now, 0.0))
                if expires > now:
                    return index
        return None


def _prefixes(namespace: str, blocks: Sequence[PromptBlock]) -> list[_Prefix]:
    hasher, tokens, prefixes = hashlib.sha256(namespace.encode()), 0, []
    for block in blocks:
        hasher.update(len(block.canonical).to_bytes(8, "big") + block.canonical)
        tokens += block.tokens
        prefixes.append(_Prefix(hasher.copy().hexdigest(), tokens, block.ttl))
    return prefixes
