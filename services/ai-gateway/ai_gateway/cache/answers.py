"""Kept answers: their key and their form."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from ai_gateway.claude.reply import Reply
from ai_gateway.money.tokens import Tokens

# Part of every key: a new form of the entry, or of the key, finds no old one.
_FORM = 2


@dataclass(frozen=True, slots=True)
class CacheKey:
    """Names one question of one organization."""

    org_id: UUID
    digest: str

    def __str__(self) -> str:
        return prefix_of(self.org_id) + self.digest


def prefix_of(org_id: UUID) -> str:
    """What the keys of an organization begin with."""
    return f"ai:answer:{_FORM}:{org_id}:"


def key_of(org_id: UUID, destination: str, api_version: str, body: Mapping[str, object]) -> CacheKey:
    """The key of a resolved request: everything that can change its answer is in it, and the organization."""
    asked = {"org": str(org_id), "to": destination, "version": api_version, "body": body}
    canonical = json.dumps(asked, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    # Surrogates cannot come in by gRPC; if one did, it must not become equal to another.
    digest = hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
    return CacheKey(org_id, digest)


def to_bytes(reply: Reply) -> bytes:
    """As it is kept."""
    tokens = reply.tokens
    entry = [
        reply.parts, reply.stop_reason, reply.model, reply.request_id, reply.simulated,
        [tokens.input, tokens.output, tokens.cache_read, tokens.cache_write_5m, tokens.cache_write_1h],
        reply.content,
    ]  # fmt: skip
    return json.dumps(entry, separators=(",", ":"), ensure_ascii=False).encode()


def from_bytes(kept: bytes) -> Reply:
    """As it was given. Raises ValueError, TypeError for anything else."""
    parts, stop_reason, model, request_id, simulated, tokens, content = json.loads(kept)
    return Reply(
        tuple(map(str, parts)), stop_reason, Tokens(*map(int, tokens)), model, request_id, simulated, content
    )
