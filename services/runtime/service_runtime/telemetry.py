"""Traces and metrics over OTLP, W3C and X-Ray propagation, and logs as JSON lines that carry the trace id."""

import json
import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from opentelemetry import metrics, propagate, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.propagators.aws import AwsXRayPropagator
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.propagators.textmap import DefaultGetter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

# What a log record always has; everything else was given as `extra` and is printed.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

# What JSON leaves as it is, and a terminal or a reader of lines takes for a command or an end; and halves of
# characters, which no stream can write.
_UNSEEN = re.compile("[\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def set_up(service: str, *, otlp_endpoint: str, log_level: str, environment: str) -> TracerProvider:
    """Call once, before the server is built. Without an endpoint spans exist (for the log) and go nowhere.

    Metrics leave once a minute, and at the end of the process.
    """
    propagate_both()
    resource = Resource.create({"service.name": service, "deployment.environment.name": environment})
    provider = TracerProvider(resource=resource)
    if otlp_endpoint:
        insecure = otlp_endpoint.startswith("http://")
        spans = OTLPSpanExporter(endpoint=otlp_endpoint, insecure=insecure)
        provider.add_span_processor(BatchSpanProcessor(spans, schedule_delay_millis=500))
        figures = OTLPMetricExporter(endpoint=otlp_endpoint, insecure=insecure)
        metrics.set_meter_provider(MeterProvider([PeriodicExportingMetricReader(figures)], resource))
    trace.set_tracer_provider(provider)
    _log_json(service, log_level)
    return provider


def propagate_both() -> None:
    """Trace ids are read and written as W3C and as X-Ray headers; W3C wins when both come."""
    propagate.set_global_textmap(CompositePropagator([AwsXRayPropagator(), _W3C]))


_W3C = TraceContextTextMapPropagator()


class _LowerCase(DefaultGetter):
    """gRPC metadata has lower-case keys; the X-Ray propagator asks for `X-Amzn-Trace-Id`."""

    def get(self, carrier: Mapping[str, str | list[str]], key: str) -> list[str] | None:
        return super().get(carrier, key.lower())


def caller_context(metadata: Mapping[str, str]) -> Context:
    """The trace that the caller is in, from `traceparent` or, behind a load balancer, X-Ray's header."""
    if "traceparent" in metadata:
        return _W3C.extract(metadata)
    return propagate.extract(metadata, getter=_LowerCase())


def trace_id() -> str:
    """The current trace in 32 hex digits; zeros outside of one."""
    return f"{trace.get_current_span().get_span_context().trace_id:032x}"


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, service, logger, message, trace ids, and the extra."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        span = trace.get_current_span().get_span_context()
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if span.is_valid:
            line |= {"trace_id": f"{span.trace_id:032x}", "span_id": f"{span.span_id:016x}"}
        line |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _UNSEEN.sub(_escaped, json.dumps(line, default=str, ensure_ascii=False))


def _escaped(unseen: re.Match[str]) -> str:
    return f"\\u{ord(unseen[0]):04x}"


def _log_json(service: str, level: str) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(service))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # Libraries tell their own troubles, not their progress.
    for noisy in ("httpx", "httpx2", "httpcore", "anthropic", "aiohttp", "pgqueuer", "opentelemetry"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
