"""`firn run` tells OpenTelemetry collectors what it does: spans and metrics by OTLP.

What could go wrong in production: a collector that is down, slow or full holds up an export; a token or a
record's content leaves the house in an attribute; spans cannot be put together; nobody is told that they
are lost; something is sent though nobody asked for it.
"""

import json
import socket
import urllib.request

import pytest

from support import collector
from support.daemon import running
from support.events import EventsProject
from support.firn import Project, replace_text
from support.pubsub import PubSub

JOBS = """
schedules:
  - {name: changes, when: rate(1 day), objects: [Account], mode: incremental}
  - {name: tidy, job: maintain, when: rate(1 day)}
"""
DAEMON = """
daemon:
  listen: 127.0.0.1:0
  limits_every: 0s
"""
# Batches go at once, so that nothing waits for a clock.
SOON = {"OTEL_BSP_SCHEDULE_DELAY": "20", "OTEL_METRIC_EXPORT_INTERVAL": "100"}
RECORDS = {"Account": 40}


@pytest.fixture
def kept():
    with collector.over_http() as kept:
        yield kept


def made(folder, org, otlp="", more=""):
    project = Project(folder, org)
    config = project.folder / "firn.yaml"
    config.write_text(config.read_text() + JOBS + DAEMON + more + (f"  otlp:\n{otlp}" if otlp else ""))
    return project


@pytest.fixture
def project(tmp_path, org, kept):
    return made(tmp_path / "project", org, f"    endpoint: {kept.url}\n")


def until_jobs(daemon):
    daemon.until_job("changes", state="idle", outcome="exact")
    daemon.until_job("tidy", state="idle", outcome="done")


def items(daemon, signal, outcome):
    """Of telemetry_items_total."""
    line = f'telemetry_items_total{{signal="{signal}",outcome="{outcome}"}} '
    return sum(int(each.removeprefix(line)) for each in daemon.get("/metrics")[1].splitlines()
               if each.startswith(line))


def telemetry(daemon):
    return next(each for each in daemon.status()["services"] if each["service"] == "telemetry")


def test_off_by_default_nothing_is_begun(tmp_path, org):
    project = made(tmp_path / "project", org)
    with running(project) as daemon:
        until_jobs(daemon)
        assert telemetry(daemon) == {"service": "telemetry", "ready": True, "detail": ""}
        assert "telemetry_items_total" not in daemon.get("/metrics")[1]
        assert daemon.end() == 0
    assert not daemon.events("telemetry.started")


def test_an_export_is_one_trace_with_its_stages(project, org, kept):
    with running(project, **SOON) as daemon:
        until_jobs(daemon)
        # The first time there may have been no table yet.
        asked = project.firn("daemon", "job", "tidy")
        assert asked.code == 0, asked
        daemon.until(lambda: kept.named("maintain table"), "a table's span")
        assert daemon.end() == 0
    [job] = [span for span in kept.named("run job") if span.attributes["firn.job"] == "changes"]
    assert job.parent == "" and not job.failed and job.attributes["firn.outcome"] == "exact"
    assert job.resource["service.name"] == "firn" and job.resource["service.version"]
    assert job.resource["service.instance.id"] and job.resource["telemetry.sdk.name"] == "firn"
    traces = {line["trace"] for line in daemon.events("job.started") if line["job"] == "changes"}
    assert traces == {job.trace}, "a line of the log leads to the trace"
    [exported] = [span for span in kept.children(job) if span.name == "export object"]
    assert exported.attributes["firn.object"] == "Account"
    assert exported.attributes["firn.rows_out"] == org.rows_of("Account")
    stages = sorted(kept.children(exported), key=lambda span: span.began)
    assert [span.name for span in stages] == [
        "describe", "create job", "wait for job", "fetch pages", "commit", "reconcile"]
    [page] = kept.children(stages[3])
    assert page.name == "fetch page" and page.attributes["firn.rows_in"] == org.rows_of("Account")
    for span in [exported, *stages, page]:
        assert span.trace == job.trace and job.began <= span.began <= span.ended <= job.ended, span
    assert {table.attributes["firn.table"] for table in kept.named("maintain table")} == {"salesforce.Account"}
    ids = [span.id for span in kept.spans]
    assert len(ids) == len(set(ids)), "a span came twice"


def test_metrics_are_those_of_the_metrics_page(tmp_path, org, kept):
    project = made(tmp_path / "project", org, f"    endpoint: {kept.url}\n",
                   "  catalog: {listen: \"127.0.0.1:0\"}\n")
    with running(project, **SOON) as daemon:
        until_jobs(daemon)
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            daemon.status()["catalog_url"] + "/v1/config").read()
        page = daemon.get("/metrics")[1]
        assert daemon.end() == 0
    points = kept.points
    runs, series = points["firn.job_runs"]
    assert runs.unit == "{run}" and runs.sum.is_monotonic
    assert runs.sum.aggregation_temporality == 2, "cumulative"
    done = {attributes["firn.job"]: point for attributes, point in series}
    assert done["changes"].as_int == 1 and 0 < done["changes"].start_time_unix_nano < done["changes"].time_unix_nano
    assert points["firn.lag"][0].unit == "s" and points["firn.lag"][0].WhichOneof("data") == "gauge"
    assert points["process.memory.usage"][0].unit == "By" and not points["process.memory.usage"][0].sum.is_monotonic
    assert points["process.cpu.time"][0].sum.is_monotonic
    duration, series = points["http.server.request.duration"]
    [(attributes, point)] = series
    assert duration.unit == "s" and attributes == {
        "http.request.method": "GET", "http.route": "/v1/config", "http.response.status_code": 200}
    assert point.count == 1 == sum(point.bucket_counts) and len(point.bucket_counts) == len(point.explicit_bounds) + 1
    families = {line.split()[2] for line in page.splitlines() if line.startswith("# TYPE ")}
    assert len(points) >= len(families), (families, points.keys())


def test_a_request_of_the_catalog_is_part_of_its_callers_trace(tmp_path, org, kept):
    project = made(tmp_path / "project", org, f"    endpoint: {kept.url}\n",
                   "  catalog: {listen: \"127.0.0.1:0\"}\n")
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"

    def ask(path, flags):
        request = urllib.request.Request(daemon.status()["catalog_url"] + path,
                                         headers={"traceparent": f"00-{trace}-{parent}-{flags}"})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            answer.read()

    with running(project, **SOON) as daemon:
        until_jobs(daemon)
        ask("/v1/namespaces/salesforce/tables/Account", "01")
        ask("/v1/config", "00")
        assert daemon.end() == 0
    [span] = [span for span in kept.spans if span.kind == 2]
    assert (span.trace, span.parent) == (trace, parent)
    assert span.name == "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}" or \
        span.name == "GET /v1/namespaces/{namespace}/tables/{table}"
    assert span.attributes["http.response.status_code"] == 200 and not span.failed


def test_a_stream_is_a_session_and_its_commits_are_linked_to_it(tmp_path, org, kept):
    project = EventsProject(tmp_path / "project", org, ["Account"], more=f"""\
events:
  - {{objects: [Account], commit_every: 50ms, lease: 300ms}}
daemon: {{listen: "127.0.0.1:0", limits_every: 0s, otlp: {{endpoint: "{kept.url}"}}}}
""").start()
    project.follow("Account")
    with PubSub(org) as client, running(project, **SOON) as daemon:
        daemon.until(lambda: daemon.status()["streams"][0]["state"] == "following", "stream")
        client.create("Account", Name="Personal Name")
        daemon.until(lambda: kept.named("commit merge"), "a commit's span")
        assert daemon.end() == 0
    [session] = kept.named("stream session")
    assert session.attributes["firn.topic"] and session.attributes["firn.events"] >= 1
    cycle = kept.named("commit cycle")[0]
    assert cycle.links == [(session.trace, session.id)] and cycle.trace != session.trace
    merge = next(span for span in kept.children(cycle) if span.name == "commit merge")
    assert merge.attributes["firn.table"] == "salesforce.Account"
    assert not any(b"Personal Name" in body for body in kept.bodies)


def test_a_failed_job_is_told_by_its_code_alone(tmp_path, org, kept):
    project = made(tmp_path / "project", org, f"    endpoint: {kept.url}\n")
    config = project.folder / "firn.yaml"
    config.write_text(config.read_text().replace(org.facts["http_url"], "http://127.0.0.1:1"))
    with running(project, **SOON) as daemon:
        daemon.until_job("changes", state="idle", failures=1)
        assert daemon.end() == 0
    [job] = [span for span in kept.named("run job") if span.attributes["firn.job"] == "changes"]
    assert job.failed and job.status == "NET-HTTP-001" == job.attributes["error.type"]
    assert not any(org.facts["username"].encode() in body for body in kept.bodies)


def test_secrets_go_into_headers_and_nowhere_else(tmp_path, org, kept):
    project = made(tmp_path / "project", org, f"""\
    endpoint: {kept.url}
    headers: {{X-Scope-OrgID: sales}}
    secret_headers: [{{name: Authorization, value: "${{file:otlp.token}}"}}]
    resource: {{team: data}}
    service_name: firn-test
""")
    (project.folder / "otlp.token").write_text("Bearer t0p-s3cret-t0ken\n")
    key = open(org.facts["key_file"]).read().splitlines()[1]
    with running(project, **SOON) as daemon:
        until_jobs(daemon)
        shown = json.dumps(daemon.status()) + daemon.get("/metrics")[1] + project.firn("status").out
        assert daemon.end() == 0
    assert {(headers["authorization"], headers["x-scope-orgid"], headers["content-encoding"])
            for headers in kept.headers} == {("Bearer t0p-s3cret-t0ken", "sales", "gzip")}
    assert {(span.resource["service.name"], span.resource["team"]) for span in kept.spans} == {("firn-test", "data")}
    for secret in ("s3cret", key, "access_token"):
        assert secret not in daemon.log_path.read_text() and secret not in shown
        assert not any(secret.encode() in body for body in kept.bodies), secret


def test_collector_down_holds_nothing_up_and_is_told(tmp_path, org):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        project = made(tmp_path / "project", org, f"    endpoint: http://127.0.0.1:{port}\n")
        with running(project, **SOON) as daemon:
            until_jobs(daemon)
            daemon.until(lambda: "traces do not reach the collector: NET-HTTP-001" in telemetry(daemon)["detail"],
                         "trouble in the status")
            assert daemon.get("/readyz") == (200, "ready\n"), "the rows are in the lake"
            assert daemon.end() == 0
    assert daemon.events("telemetry.behind") and daemon.events("telemetry.lost")


def test_collector_that_hangs_holds_nothing_up_and_the_queue_has_a_bound(tmp_path, org, kept):
    kept.hanging = True
    project = made(tmp_path / "project", org, f"    endpoint: {kept.url}\n")
    with running(project, **SOON, OTEL_BSP_MAX_QUEUE_SIZE="2") as daemon:
        until_jobs(daemon)
        daemon.until(lambda: kept.asked >= 1, "a request")
        assert daemon.end() == 0
    assert kept.traces == [] or kept.let_go.is_set()
    lost = daemon.events("telemetry.lost")
    assert [line for line in lost if line["signal"] == "traces"], lost
    assert not daemon.events("drain.too_slow")


def test_collector_that_throttles_gets_every_span_once(project, kept):
    kept.answers = [(429, {"Retry-After": "0"}), (503, {"Retry-After": "0"}), (502, {"Retry-After": "0"}),
                    (504, {"Retry-After": "0"})] * 2
    with running(project, **SOON) as daemon:
        until_jobs(daemon)
        daemon.until(lambda: not kept.answers and kept.named("export object"), "spans")
        daemon.until(lambda: telemetry(daemon)["detail"] == "", "an end of the trouble")
        assert daemon.end() == 0
    assert len(kept.named("export object")) == 1
    assert daemon.events("telemetry.behind") and daemon.events("telemetry.caught_up")
    assert not daemon.events("telemetry.lost")


def test_collector_that_refuses_is_not_asked_again_with_the_same(project, kept):
    kept.answers = [(400, {})] * 1000
    with running(project, **SOON) as daemon:
        until_jobs(daemon)
        daemon.until(lambda: items(daemon, "traces", "failed") > 0, "failed spans")
        assert daemon.end() == 0
    assert len(kept.bodies) == len(set(kept.bodies))
    assert any("HTTP status 400" in line["why"] for line in daemon.events("telemetry.lost"))


def test_rejected_spans_of_a_partial_success_are_counted_and_told(project, kept):
    kept.reject = 1
    with running(project, **SOON) as daemon:
        until_jobs(daemon)
        daemon.until(lambda: items(daemon, "traces", "rejected") > 0, "rejects")
        assert daemon.end() == 0
    assert any("too old" in line["why"] for line in daemon.events("telemetry.lost"))


def test_grpc_carries_the_same(tmp_path, org):
    with collector.over_grpc() as kept:
        project = made(tmp_path / "project", org, f"""\
    endpoint: {kept.url}
    protocol: grpc
    secret_headers: [{{name: Api-Key, value: "${{env:OTLP_KEY}}"}}]
""")
        with running(project, **SOON, OTLP_KEY="t0p-s3cret") as daemon:
            until_jobs(daemon)
            assert daemon.end() == 0
        assert len(kept.named("export object")) == 1 and "firn.job_runs" in kept.points
        assert {headers["api-key"] for headers in kept.headers} == {"t0p-s3cret"}
        assert not daemon.events("telemetry.lost")


def test_the_environments_variables_are_enough(tmp_path, org, kept):
    project = made(tmp_path / "project", org)
    with running(project, **SOON, OTEL_EXPORTER_OTLP_ENDPOINT=kept.url, OTEL_SERVICE_NAME="lake",
                 OTEL_EXPORTER_OTLP_HEADERS="api-key=a%20b", OTEL_RESOURCE_ATTRIBUTES="team=data,x=1",
                 OTEL_TRACES_EXPORTER="none") as daemon:
        until_jobs(daemon)
        assert daemon.end() == 0
    assert kept.traces == [] and "firn.job_runs" in kept.points
    assert {headers["api-key"] for headers in kept.headers} == {"a b"}
    resource = collector.attributes_of(kept.metrics[0].resource_metrics[0].resource)
    assert (resource["service.name"], resource["team"], resource["x"]) == ("lake", "data", "1")


def test_a_changed_collector_needs_a_restart(project):
    with running(project, **SOON) as daemon:
        config = project.folder / "firn.yaml"
        replace_text(config, config.read_text().replace("    endpoint: http", "    timeout: 3s\n    endpoint: http"))
        asked = project.firn("daemon", "reload")
        assert asked.code != 0 and "ENGINE-RELOAD-001" in asked.err and "daemon.otlp" in asked.err
        assert daemon.end() == 0


def test_an_endpoint_that_cannot_be_used_is_refused_at_the_start(tmp_path, org):
    project = made(tmp_path / "project", org)
    refused = project.firn("run", OTEL_EXPORTER_OTLP_ENDPOINT="http://ada:hunter2@collector:4318")
    assert refused.code == 2 and "OTLP-SETTING-001" in refused.err, refused
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in refused.err and "hunter2" not in refused.err
