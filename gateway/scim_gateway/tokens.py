"""The caller's bearer token as auth takes it: an access token as it is, an API key changed for one."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable

from bloom.auth.v1 import auth_service_pb2, auth_service_pb2_grpc
from service_runtime.clients import answers_of

_KEY_PREFIX = "bloom_"
# A token is used for so much of its life, so that none leaves that is about to end.
_USED = 0.8
_MOST = 1000


class Bearers:
    """Remembers the tokens of keys by a digest of the key, in memory; the least lately used are forgotten.

    A key that was revoked is good here until its token ends, but for changes: they ask auth's rows.
    """

    def __init__(
        self,
        tokens: "auth_service_pb2_grpc.TokenServiceAsyncStub",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tokens = tokens
        self._clock = clock
        self._kept: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    async def access_token(self, bearer: str) -> str:
        """Raises DomainError when auth refuses the key or does not answer."""
        if not bearer.startswith(_KEY_PREFIX):
            return bearer
        digest = hashlib.sha256(bearer.encode()).digest()
        token, until = self._kept.get(digest, ("", 0.0))
        if self._clock() < until:
            self._kept.move_to_end(digest)
            return token
        with answers_of("auth"):
            answer = await self._tokens.IssueToken(auth_service_pb2.IssueTokenRequest(api_key=bearer))
        token = answer.tokens.access_token
        self._kept[digest] = (token, self._clock() + answer.tokens.expires_in * _USED)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return token

    def forget(self, bearer: str) -> bool:
        """Its token was refused; whether there was one, so that it is worth asking for another."""
        return self._kept.pop(hashlib.sha256(bearer.encode()).digest(), None) is not None
