"""One request to Claude: its record, its span, its time, and an end that is told exactly once."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from opentelemetry.trace import Span

from ai_gateway import metrics
from ai_gateway.claude import spans
from ai_gateway.claude.destination import Destination
from ai_gateway.claude.faults import ClaudeError, FaultKind
from ai_gateway.claude.reply import Gathering, Reply
from ai_gateway.claude.upstream import Exchange, Leaving, Upstream
from ai_gateway.egress.ledger import Ledger
from ai_gateway.egress.record import Ending, Purpose, about_to_send
from ai_gateway.generation import errors
from ai_gateway.limits.gate import Gate, Permit
from ai_gateway.limits.refused import NO_USE, RefusedError, Use
from ai_gateway.money.prices import PriceSheet
from ai_gateway.money.tokens import NOTHING, Spent, Tokens

_log = logging.getLogger("bloom.ai.claude")
_ANSWERED = "ANSWERED"
_CANCELLED = "CANCELLED"
_BROKEN = "BROKEN"  # by a fault of ours
_LEAST_BYTES_OF_A_TOKEN = 2
_USUAL_BYTES_OF_A_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Means:
    """What every attempt works with."""

    upstream: Upstream
    destination: Destination
    ledger: Ledger
    prices: PriceSheet
    gate: Gate


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be sent, for what, and by when (on the event loop's clock)."""

    purpose: Purpose
    leaving: Leaving
    operation: str
    ends_at: float
    stream: bool = False
    # In tokens; 0 where nothing is generated, and nothing paid.
    longest_answer: int = 0


class Attempt:
    """Open it, read it, and `close` it whatever happens: what was not read to its end was cancelled."""

    def __init__(self, means: Means, order: Order, number: int) -> None:
        self._means = means
        self._order = order
        self._egress = about_to_send(
            order.purpose,
            means.destination.url,
            order.leaving.path,
            order.leaving.content,
            _reserve(means.prices, order),
        )
        self._number = number
        self._exchange: Exchange | None = None
        self._span: Span | None = None
        self._receipt: asyncio.Task[None] | None = None
        self._permit: Permit | None = None
        self._began = 0.0
        self.spent = NOTHING

    async def open(self) -> None:
        """Waits for its turn, records, sends, and waits for the answer to begin.

        Raises ClaudeError; DomainError when it was not let out or not recorded.
        """
        self._permit = await self._admitted()
        try:
            await self._means.ledger.open(self._egress)
        except BaseException as failure:
            self._give_permit_back(NO_USE)
            if isinstance(failure, asyncio.CancelledError):
                # It may have been recorded all the same, and then nothing else would end it.
                self._means.ledger.settle(self._egress, Ending(_CANCELLED))
            raise
        order = self._order
        self._began = asyncio.get_running_loop().time()
        self._span = spans.begin(
            order.operation, order.purpose.model, self._means.destination, attempt=self._number
        )
        async with self._watched():
            self._exchange = await self._means.upstream.send(order.leaving)
            self._permit.hear(self._exchange.headers)
            if order.stream:
                await self._exchange.begin()

    async def body(self) -> bytes:
        """The whole body of a plain answer. Raises ClaudeError."""
        async with self._watched():
            return await self._opened.body()

    async def reply(self) -> Reply:
        """A plain answer. Raises ClaudeError."""
        async with self._watched():
            self._opened.gathering.take_message(await self._opened.body())
            reply = self._opened.gathering.reply()
        self._finish(_ANSWERED, reply)
        return reply

    async def texts(self) -> AsyncIterator[str]:
        """The text of a stream, as it comes. Raises ClaudeError."""
        texts = self._opened.texts()
        while True:
            # The time is watched around each read, not around the loop: a task that waits for its client to
            # take a piece must not be interrupted there.
            async with self._watched():
                text = await anext(texts, None)
            if text is None:
                return
            yield text

    def whole(self) -> Reply:
        """The answer, after its last text. Raises ClaudeError."""
        reply = self._opened.gathering.reply()
        self._finish(_ANSWERED, reply)
        return reply

    def answered(self) -> None:
        """Ends an attempt whose answer is no message."""
        self._finish(_ANSWERED)

    async def receipt(self) -> None:
        """Waits, for a bounded time, until the end and the use are durable."""
        if self._receipt is not None:
            await self._means.ledger.settled(self._receipt)

    def abandon(self) -> None:
        """Whoever asked has gone. Safe to call at any time."""
        self._finish(_CANCELLED)

    async def close(self) -> None:
        """Gives the connection back; an answer that was not read to its end is broken off."""
        self._finish(_CANCELLED)
        try:
            if self._exchange is not None:
                await self._exchange.close()
        finally:
            self._give_permit_back(None)

    async def _admitted(self) -> Permit:
        order, purpose = self._order, self._order.purpose
        estimate = Use(len(order.leaving.content) // _USUAL_BYTES_OF_A_TOKEN, order.longest_answer)
        left = order.ends_at - asyncio.get_running_loop().time()
        try:
            return await self._means.gate.admit(
                purpose.caller.tenant, purpose.model, purpose.priority, estimate, left
            )
        except RefusedError as refused:
            metrics.refused(refused.limit)
            raise errors.held_back(refused) from refused

    def _give_permit_back(self, used: Use | None) -> None:
        if self._permit is not None:
            if used is not None:
                self._permit.settle(used)
            self._permit.leave()

    @property
    def _opened(self) -> Exchange:
        if self._exchange is None:
            raise RuntimeError("the attempt is not open")
        return self._exchange

    @contextlib.asynccontextmanager
    async def _watched(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout_at(self._order.ends_at):
                yield
        except TimeoutError:
            await self._fail(ClaudeError(FaultKind.TIMED_OUT, began=True))
        except ClaudeError as fault:
            await self._fail(fault)
        except asyncio.CancelledError:
            await self.close()
            raise
        except Exception:
            self._finish(_BROKEN)
            await self.close()
            raise

    async def _fail(self, fault: ClaudeError) -> None:
        if self._permit is not None and self._exchange is None:
            limited = fault.kind is FaultKind.RATE_LIMITED
            self._permit.hear(fault.headers, fault.retry_after if limited else None)
        self._finish(fault.kind.value, fault=fault)
        self._log(fault)
        await self.close()
        raise fault

    def _log(self, fault: ClaudeError) -> None:
        """For operators; Claude's own words stay out, they may repeat the question."""
        request_id = self._exchange.gathering.request_id if self._exchange is not None else fault.request_id
        level = logging.WARNING if fault.passing else logging.ERROR
        details = {
            "kind": fault.kind.value, "http_status": fault.status, "upstream_request_id": request_id,
            "model": self._order.purpose.model, "task": self._order.purpose.task, "attempt": self._number,
        }  # fmt: skip
        _log.log(level, "Claude did not answer: %s", fault.kind.value, extra=details)

    def _finish(self, outcome: str, reply: Reply | None = None, fault: ClaudeError | None = None) -> None:
        """The first call tells the end; later ones change nothing."""
        if self._span is None or self._receipt is not None:
            return
        gathering = self._exchange.gathering if self._exchange is not None else None
        tokens = gathering.tokens if gathering is not None else None
        spans.finish(self._span, outcome, tokens, reply)
        self.spent = self._price(tokens) if tokens is not None else NOTHING
        ending = Ending(
            outcome,
            upstream_request_id=_request_id(gathering, fault),
            simulated=gathering is not None and gathering.simulated,
            spent=self.spent if tokens is not None else None,
        )
        self._receipt = self._means.ledger.settle(self._egress, ending)
        metrics.ended(
            self._order.operation, self._order.purpose.model, self._means.destination.provider,
            "" if outcome == _ANSWERED else outcome, tokens, self.spent,
            asyncio.get_running_loop().time() - self._began,
        )  # fmt: skip
        if self._permit is not None:
            self._permit.settle(_use(tokens))

    def _price(self, tokens: Tokens) -> Spent:
        return self._means.prices.spent(tokens, self._order.purpose.model, datetime.now(UTC).date())


def _use(tokens: Tokens | None) -> Use:
    """What counts against limits: all but what is read from the prompt cache."""
    return NO_USE if tokens is None else Use(tokens.prompt - tokens.cache_read, tokens.output)


def _request_id(gathering: Gathering | None, fault: ClaudeError | None) -> str:
    if gathering is not None:
        return gathering.request_id
    return fault.request_id if fault is not None else ""


def _reserve(prices: PriceSheet, order: Order) -> int:
    """No answer to these bytes costs more: a token of a prompt is hardly ever shorter than two of them."""
    if not order.longest_answer:
        return 0
    prompt = len(order.leaving.content) // _LEAST_BYTES_OF_A_TOKEN
    return prices.at_most(prompt, order.longest_answer, order.purpose.model, datetime.now(UTC).date())
