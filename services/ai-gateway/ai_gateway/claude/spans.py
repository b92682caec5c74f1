"""One client span for each request to Claude, by OpenTelemetry's GenAI conventions. No contents."""

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode

from ai_gateway.claude.destination import Destination
from ai_gateway.claude.reply import Reply
from ai_gateway.money.tokens import Tokens

_tracer = trace.get_tracer("ai_gateway")


def begin(operation: str, model: str, destination: Destination, *, attempt: int) -> Span:
    """Starts the span; it is current for nobody, since a stream is read in pieces. End it with `finish`."""
    attributes: dict[str, str | int] = {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": destination.provider,
        "gen_ai.request.model": model,
        "server.address": destination.host,
        "server.port": destination.port,
    }
    if attempt > 1:
        attributes["http.request.resend_count"] = attempt - 1
    return _tracer.start_span(f"{operation} {model}", kind=SpanKind.CLIENT, attributes=attributes)


def finish(span: Span, outcome: str, tokens: Tokens | None, reply: Reply | None = None) -> None:
    """What came of it. Without a reply the span is an error of type `outcome`."""
    if tokens is not None:
        span.set_attributes(
            {
                # The convention counts cached tokens as input, too.
                "gen_ai.usage.input_tokens": tokens.prompt,
                "gen_ai.usage.output_tokens": tokens.output,
                "gen_ai.usage.cache_read.input_tokens": tokens.cache_read,
                "gen_ai.usage.cache_creation.input_tokens": tokens.cache_write_5m + tokens.cache_write_1h,
            }
        )
    if reply is not None:
        span.set_attribute("gen_ai.response.model", reply.model)
        span.set_attribute("gen_ai.response.id", reply.request_id)
        span.set_attribute("gen_ai.response.finish_reasons", [reply.stop_reason])
    elif outcome != "ANSWERED":
        span.set_attribute("error.type", outcome)
        span.set_status(StatusCode.ERROR)
    span.end()
