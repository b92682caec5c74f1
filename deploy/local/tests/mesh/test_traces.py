"""Spans from the wire to the waterfall."""

from __future__ import annotations

import io
from pathlib import Path

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Status
from rich.console import Console

from local_mesh.collector import start_collector
from local_mesh.ports import choose_ports
from local_mesh.traces import Span, TraceStore, read_trace
from local_mesh.waterfall import render_waterfall, rows

TRACE = "0af7651916cd43dd8448eb211c80319c"


def span(
    span_id: str, parent: str, service: str, name: str, start_ms: int, end_ms: int, trace: str = TRACE
) -> Span:
    return Span(trace, span_id, parent, service, name, "server", start_ms * 10**6, end_ms * 10**6)


JOURNEY = (
    span("c1", "b1", "ai-gateway", "bloom.ai.v1.AiService/Generate", 20, 90),
    span("a1", "", "gateway", "POST /v1/contracts/*:analyze", 0, 100),
    span("d1", "c1", "ai-gateway", "chat claude-sonnet-5-5", 30, 80),
    span("b1", "a1", "contracts", "bloom.contracts.v1.ContractService/AnalyzeContract", 10, 95),
)


def drawn(*spans: Span, width: int = 100) -> list[str]:
    console = Console(file=io.StringIO(), width=width, legacy_windows=False)
    console.print(render_waterfall(spans, width=width))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_the_waterfall_nests_by_parent_in_order_of_time() -> None:
    assert [(row.depth, row.first.span_id) for row in rows(JOURNEY)] == [
        (0, "a1"),
        (1, "b1"),
        (2, "c1"),
        (3, "d1"),
    ]
    lines = drawn(*JOURNEY)
    assert len(lines) == 5
    assert "gateway" in lines[1]
    assert "100.0 ms" in lines[1]
    assert "    AiService/Generate" in lines[3]
    assert "      chat claude-sonnet-5-5" in lines[4]
    assert "50.0 ms" in lines[4]


def test_bars_stand_where_the_time_went() -> None:
    whole, half = drawn(span("a", "", "x", "whole", 0, 100), span("b", "a", "x", "half", 50, 100))[1:]
    assert whole.count("█") == 25
    assert half.count("█") in (12, 13)
    assert half.count("·") == 12


def test_a_span_without_its_parent_is_a_root() -> None:
    assert [row.depth for row in rows([span("a", "the client's own", "gateway", "GET", 0, 1)])] == [0]


def test_many_alike_become_one_row() -> None:
    many = [span(f"q{n}", "a", "contracts", "SELECT", n, n + 1) for n in range(10)]
    listed = rows([span("a", "", "contracts", "call", 0, 20), *many])
    assert [len(row.spans) for row in listed] == [1, 1, 1, 8]
    assert any("SELECT ×8" in line for line in drawn(span("a", "", "contracts", "call", 0, 20), *many))


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_asked(width: int) -> None:
    assert max(map(len, drawn(*JOURNEY, width=width))) <= width


def test_no_spans_draw_nothing() -> None:
    assert "█" not in "".join(drawn())


def test_the_store_is_bounded(tmp_path: Path) -> None:
    store = TraceStore(tmp_path / "traces.jsonl", max_traces=2, max_spans=3)
    for trace in ("t1", "t2", "t3"):
        store.add(span(f"s{n}", "", "x", "y", n, n + 1, trace) for n in range(5))
    assert store.trace("t1") == ()
    assert len(store.trace("t3")) == 3
    assert len(read_trace(tmp_path / "traces.jsonl", "t1")) == 5  # the file has what memory forgot
    store.close()


def test_a_line_in_the_middle_of_being_written_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    store = TraceStore(path)
    store.add([span("a", "", "x", "y", 0, 1)])
    store.close()
    with path.open("a") as file:
        file.write('{"trace_id": "' + TRACE)
    assert [found.span_id for found in read_trace(path, TRACE)] == ["a"]


async def test_the_collector_takes_what_services_export(tmp_path: Path) -> None:
    store = TraceStore(tmp_path / "traces.jsonl")
    port = choose_ports("random", ("collector",))["collector"].number
    server = await start_collector(port, store)
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "contracts"
    sent = resource.scope_spans.add().spans.add(
        trace_id=bytes.fromhex(TRACE),
        span_id=b"12345678",
        name="Read",
        kind=3,
        start_time_unix_nano=5,
        end_time_unix_nano=9,
    )
    sent.attributes.add(key="rows").value.int_value = 3
    sent.status.code = Status.STATUS_CODE_ERROR
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        export = channel.unary_unary(
            "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            request_serializer=ExportTraceServiceRequest.SerializeToString,
            response_deserializer=ExportTraceServiceResponse.FromString,
        )
        await export(request, timeout=5)
    await server.stop(grace=None)
    (found,) = store.trace(TRACE)
    assert (found.service, found.name, found.kind, found.failed) == ("contracts", "Read", "client", True)
    assert (found.start_ns, found.end_ns, found.attributes) == (5, 9, {"rows": "3"})
    store.close()
