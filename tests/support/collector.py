"""An OpenTelemetry collector for tests, over HTTP or gRPC: its decoder is the one that the OpenTelemetry
project publishes for Python, so that Firn's own reading of the protocol is not its judge."""

import concurrent.futures
import contextlib
import gzip
import threading

import grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2, metrics_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from support.local_http import LocalHttp

HANG_SECONDS_MAX = 300


def value_of(value):
    kind = value.WhichOneof("value")
    return getattr(value, kind) if kind else None


def attributes_of(message):
    return {attribute.key: value_of(attribute.value) for attribute in message.attributes}


class Span:
    def __init__(self, message, resource):
        self.name, self.kind = message.name, message.kind
        self.trace, self.id, self.parent = message.trace_id.hex(), message.span_id.hex(), message.parent_span_id.hex()
        self.began, self.ended = message.start_time_unix_nano, message.end_time_unix_nano
        self.attributes, self.resource = attributes_of(message), resource
        self.links = [(link.trace_id.hex(), link.span_id.hex()) for link in message.links]
        self.failed = message.status.code == message.status.STATUS_CODE_ERROR
        self.status = message.status.message

    def __repr__(self):
        return f"{self.name} {self.attributes}"


class Kept:
    """What came, and how it is answered."""

    def __init__(self):
        self.lock = threading.Lock()
        self.let_go = threading.Event()
        self.hanging = False
        self.answers = []  # (status, headers), the next ones; then 200
        self.bodies = []   # every request's bytes, inflated
        self.headers = []  # and its headers, names in lower case
        self.traces, self.metrics = [], []  # requests that were taken
        self.asked = 0
        self.reject = 0    # so many spans of each request

    def next_answer(self, body, headers):
        with self.lock:
            self.asked += 1
            self.bodies.append(body)
            self.headers.append({key.lower(): value for key, value in headers})
            hanging = self.hanging
            answer = self.answers.pop(0) if self.answers else (200, {})
        if hanging:
            self.let_go.wait(HANG_SECONDS_MAX)
        return answer

    def take(self, signal, request):
        with self.lock:
            (self.traces if signal == "traces" else self.metrics).append(request)

    @property
    def spans(self):
        with self.lock:
            return [Span(span, attributes_of(of_resource.resource)) for request in self.traces
                    for of_resource in request.resource_spans for scope in of_resource.scope_spans
                    for span in scope.spans]

    def named(self, name):
        return [span for span in self.spans if span.name == name]

    def children(self, of):
        return [span for span in self.spans if span.parent == of.id]

    @property
    def points(self):
        """By metric name: the metric, and its points as (attributes, point), of the newest request."""
        with self.lock:
            requests = list(self.metrics)
        found = {}
        for of_resource in requests[-1].resource_metrics if requests else []:
            for scope in of_resource.scope_metrics:
                for metric in scope.metrics:
                    points = getattr(metric, metric.WhichOneof("data")).data_points
                    found[metric.name] = (metric, [(attributes_of(point), point) for point in points])
        return found


def answer_for(kept, path, body):
    """Status, headers and body over HTTP; the request is kept when it is taken."""
    if path == "/v1/traces":
        request, reply = trace_service_pb2.ExportTraceServiceRequest(), trace_service_pb2.ExportTraceServiceResponse()
    elif path == "/v1/metrics":
        request, reply = (metrics_service_pb2.ExportMetricsServiceRequest(),
                          metrics_service_pb2.ExportMetricsServiceResponse())
    else:
        return 404, b""
    request.ParseFromString(body)
    kept.take(path[4:], request)
    if kept.reject and path == "/v1/traces":
        reply.partial_success.rejected_spans = kept.reject
        reply.partial_success.error_message = "too old"
    return 200, reply.SerializeToString()


@contextlib.contextmanager
def over_http():
    """A `Kept` with `url`."""
    kept = Kept()

    with _Collector(kept) as server:
        kept.url = server.url
        try:
            yield kept
        finally:
            kept.let_go.set()


class _Collector(LocalHttp):
    def __init__(self, kept):
        super().__init__()
        self.kept = kept

    def handle(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        if handler.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        status, headers = self.kept.next_answer(body, handler.headers.items())
        reply = b""
        if status == 200:
            status, reply = answer_for(self.kept, handler.path, body)
        with contextlib.suppress(OSError):
            handler.send_response(status)
            for name, value in {**headers, "Content-Type": "application/x-protobuf",
                                "Content-Length": str(len(reply))}.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(reply)


class _Traces(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self, kept):
        self.kept = kept

    def Export(self, request, context):
        self.kept.next_answer(request.SerializeToString(), context.invocation_metadata())
        self.kept.take("traces", request)
        return trace_service_pb2.ExportTraceServiceResponse()


class _Metrics(metrics_service_pb2_grpc.MetricsServiceServicer):
    def __init__(self, kept):
        self.kept = kept

    def Export(self, request, context):
        self.kept.next_answer(request.SerializeToString(), context.invocation_metadata())
        self.kept.take("metrics", request)
        return metrics_service_pb2.ExportMetricsServiceResponse()


@contextlib.contextmanager
def over_grpc():
    kept = Kept()
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(_Traces(kept), server)
    metrics_service_pb2_grpc.add_MetricsServiceServicer_to_server(_Metrics(kept), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    kept.url = f"http://127.0.0.1:{port}"
    try:
        yield kept
    finally:
        kept.let_go.set()
        server.stop(None).wait()
