"""Composes the stages around each method's handler, once per method."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import grpc
import protovalidate
from google.protobuf.message import Message

from service_runtime.errors import DomainError, Reason
from service_runtime.identity import ANONYMOUS, Identity
from service_runtime.policy import OPEN_SERVICES, Method

Context = grpc.aio.ServicerContext[Any, Any]


@dataclass(slots=True)
class Call:
    """One call on its way to its handler."""

    method: Method
    context: Context
    metadata: dict[str, str]
    # The one message of the call, or the iterator of its messages.
    incoming: Any = field(repr=False)
    identity: Identity = field(default=ANONYMOUS)

    @property
    def request(self) -> Message | None:
        """The one message; None where they stream."""
        return None if self.method.client_streaming else self.incoming


# What comes after a stage, in the end the handler; its answer is None where it writes a stream.
Proceed = Callable[[Call], Awaitable[Any]]
Stage = Callable[[Proceed, Call], Awaitable[Any]]


class RequestPath(grpc.aio.ServerInterceptor):
    """The one server interceptor: serves declared methods through the stages and refuses all others."""

    def __init__(self, methods: Sequence[Method], stages: Sequence[Stage]) -> None:
        self._methods = {method.path: method for method in methods}
        self._stages = tuple(stages)
        self._handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        path = handler_call_details.method
        composed = self._handlers.get(path)
        if composed is not None:
            return composed
        handler = await continuation(handler_call_details)
        method = self._methods.get(path)
        if handler is None or path.split("/")[1] in OPEN_SERVICES:
            return handler
        if method is None:
            return _undeclared(handler)
        composed = self._compose(method, handler)
        self._handlers[path] = composed
        return composed

    def _compose(
        self, method: Method, handler: grpc.RpcMethodHandler[Any, Any]
    ) -> grpc.RpcMethodHandler[Any, Any]:
        serialization = (handler.request_deserializer, handler.response_serializer)
        checked = _checked_stream if method.client_streaming else _checked
        if method.server_streaming:
            handle = self._through_stages(
                method, _written(handler.stream_stream or handler.unary_stream, checked)
            )
            make = (
                grpc.stream_stream_rpc_method_handler
                if method.client_streaming
                else grpc.unary_stream_rpc_method_handler
            )
            return make(handle, *serialization)
        handle = self._through_stages(method, _answered(handler.stream_unary or handler.unary_unary, checked))
        make_unary = (
            grpc.stream_unary_rpc_method_handler
            if method.client_streaming
            else grpc.unary_unary_rpc_method_handler
        )
        return make_unary(handle, *serialization)

    def _through_stages(self, method: Method, innermost: Proceed) -> Callable[[Any, Context], Awaitable[Any]]:
        path = innermost
        for stage in reversed(self._stages):
            path = partial(stage, path)

        async def handle(incoming: Any, context: Context) -> Any:
            return await path(Call(method, context, _metadata(context), incoming))

        return handle


def _answered(behaviour: Any, checked: Callable[[Any], Any]) -> Proceed:
    async def proceed(call: Call) -> Any:
        return await behaviour(checked(call.incoming), call.context)

    return proceed


def _written(behaviour: Any, checked: Callable[[Any], Any]) -> Proceed:
    async def proceed(call: Call) -> None:
        # Written, not yielded: an abandoned generator would unwind the stages in another task.
        async with aclosing(behaviour(checked(call.incoming), call.context)) as responses:
            async for response in responses:
                await call.context.write(response)

    return proceed


def _metadata(context: Context) -> dict[str, str]:
    return {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}


def _checked(request: Message) -> Message:
    """The request, if it keeps the rules that its schema declares."""
    broken = protovalidate.collect_violations(request)
    if broken:
        violations = {_field_path(item.proto): item.proto.message for item in broken}
        summary = "; ".join(f"{name}: {problem}" for name, problem in violations.items())
        raise DomainError(
            grpc.StatusCode.INVALID_ARGUMENT,
            Reason.ERROR_REASON_INVALID_FIELD,
            summary,
            violations=violations,
        )
    return request


async def _checked_stream(requests: AsyncIterator[Message]) -> AsyncIterator[Message]:
    async for request in requests:
        yield _checked(request)


def _field_path(violation: Any) -> str:
    """`user.emails[2]`; a rule over several fields is named after the field by its id."""
    if violation.field is None or not violation.field.elements:
        return str(violation.rule_id)
    return ".".join(map(_step, violation.field.elements))


def _step(element: Any) -> str:
    place = element.subscript
    return f"{element.field_name}[{place.value}]" if place is not None else str(element.field_name)


def _undeclared(handler: grpc.RpcMethodHandler[Any, Any]) -> grpc.RpcMethodHandler[Any, Any]:
    async def refuse(_request: object, context: Context) -> None:
        await context.abort(grpc.StatusCode.PERMISSION_DENIED, "This method declares no policy.")

    return grpc.unary_unary_rpc_method_handler(
        refuse, handler.request_deserializer, handler.response_serializer
    )
