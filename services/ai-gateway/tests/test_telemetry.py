"""What is seen of a call: one span for each request to Claude, and never a word of its contents."""

from collections.abc import Callable

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from ai_gateway_testing.gateway import Gateway, prompt, refusal

SECRET = "the price is a secret"
Spans = Callable[[], tuple[ReadableSpan, ...]]


def chats(spans: Spans) -> list[ReadableSpan]:
    return [span for span in spans() if span.name.startswith("chat ")]


async def test_each_request_to_claude_is_a_span_in_the_callers_trace(gateway: Gateway, spans: Spans) -> None:
    await gateway.claude.script({"match": {}, "times": 1, "fault": {"kind": "status", "status": 529}})
    completion = (await gateway.client.ask(prompt("What?"))).completion

    failed, answered = chats(spans)
    (served,) = (span for span in spans() if span.kind is SpanKind.SERVER)
    assert failed.status.status_code is StatusCode.ERROR
    assert failed.attributes is not None
    assert failed.attributes["error.type"] == "OVERLOADED"
    assert answered.name == "chat claude-sonnet-5-5"
    assert answered.kind is SpanKind.CLIENT
    assert answered.parent is not None
    assert answered.parent.span_id == served.context.span_id
    attributes = dict(answered.attributes or {})
    assert attributes["gen_ai.operation.name"] == "chat"
    assert attributes["gen_ai.provider.name"] == "anthropic"
    assert attributes["gen_ai.request.model"] == "claude-sonnet-5-5"
    assert attributes["gen_ai.usage.input_tokens"] == completion.usage.input_tokens
    assert attributes["gen_ai.usage.output_tokens"] == completion.usage.output_tokens
    assert attributes["gen_ai.response.finish_reasons"] == ("end_turn",)
    assert attributes["server.address"] == "127.0.0.1"
    assert attributes["http.request.resend_count"] == 1


async def test_a_cache_hit_is_told_on_the_servers_span(gateway: Gateway, spans: Spans) -> None:
    for _ in range(2):
        await gateway.client.stream(prompt("What?"))
    served = [span.attributes or {} for span in spans() if span.kind is SpanKind.SERVER]
    assert [attributes["bloom.ai.served_from"] for attributes in served] == ["UPSTREAM", "CACHE"]
    assert len(chats(spans)) == 1


@pytest.mark.parametrize("fault", [None, {"kind": "status", "status": 400, "message": SECRET}])
async def test_no_word_of_a_question_or_an_answer_is_in_spans_or_logs(
    gateway: Gateway, spans: Spans, caplog: pytest.LogCaptureFixture, fault: dict[str, object] | None
) -> None:
    caplog.set_level("INFO")
    rule: dict[str, object] = {"match": {}, "answer": {"text": SECRET}}
    await gateway.claude.script(rule if fault is None else {**rule, "fault": fault})
    for ask in (gateway.client.ask, gateway.client.stream):
        call = ask(prompt(SECRET, document=SECRET, system=(SECRET,)))
        if fault is None:
            await call
        else:
            assert SECRET not in (await refusal(call)).message
    assert spans()
    assert all(SECRET not in span.to_json() for span in spans())
    assert all(SECRET not in str(vars(record)) for record in caplog.records if record.name != "asyncio")
