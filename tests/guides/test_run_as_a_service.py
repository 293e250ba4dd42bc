"""docs/guides/run-as-a-service.md and rotate-the-certificate.md as a reader would follow them."""

import pathlib
import re
import shutil
import subprocess
import urllib.parse
import urllib.request

from guides.blocks import GUIDES, blocks, run_line
from support import collector
from support.daemon import Daemon
from support.firn import firn_path
from support.pubsub import PubSub

UNIT = GUIDES.parents[1] / "packaging/systemd/firn@.service"


def add(project, text):
    config = project.folder / "firn.yaml"
    config.write_text(config.read_text() + text)


def sections():
    """What the guide adds to firn.yaml, at free ports."""
    schedules, events, _ = blocks("run-as-a-service.md", "yaml")
    assert ":9464" in schedules and ":8181" in schedules
    return schedules.replace(":9464", ":0").replace(":8181", ":0") + events


def test_the_service_starts_is_looked_at_changed_and_stopped(project):
    add(project, sections())
    start, look, change = blocks("run-as-a-service.md", "sh")
    check, run = start.strip().splitlines()
    run_line(check, project.folder)
    assert run.startswith("firn run --log-format json --ready-file ready.json")
    daemon = Daemon(project).until_ready()
    daemon.until_job("changes", outcome="exact")
    daemon.until(lambda: daemon.status()["streams"][0]["state"] == "following", "stream")
    for line in look.strip().splitlines():
        run_line(line, project.folder)
    daemon.until_job("changes", runs=2, state="idle")
    for path in ("/healthz", "/metrics"):
        assert daemon.get(path)[0] == 200
    # Tables that join restart the stream for a moment.
    daemon.until(lambda: daemon.get("/readyz")[0] == 200, "readiness")
    assert urllib.request.urlopen(daemon.status()["catalog_url"] + "/v1/config", timeout=30).status == 200
    reload, stop = change.strip().splitlines()
    run_line(reload, project.folder)
    run_line(stop, project.folder)
    assert daemon.process.wait(180) == 0


def test_every_metric_that_the_guide_names_is_there(project, sandbox):
    add(project, sections())
    text = (GUIDES / "run-as-a-service.md").read_text()
    row = next(line for line in text.splitlines() if line.startswith("| `/metrics`"))
    table = text[text.index("| of streams and rules"):text.index("Alarm on")]
    named = re.findall(r"`([a-z_]+)`", row.split("|")[2])
    named += [name for line in table.splitlines()[2:] if line for name in re.findall(r"`([a-z_]+)", line.split("|")[1])]
    assert len(named) >= 10
    daemon = Daemon(project).until_ready()
    try:
        daemon.until_job("changes", outcome="exact")
        daemon.until_job("firn.limits", outcome="done")
        daemon.until(lambda: daemon.status()["streams"][0]["state"] == "following", "stream")
        urllib.request.urlopen(daemon.status()["catalog_url"] + "/v1/config", timeout=30)
        # How fresh a table is shows with the first event, or a sign of life that takes minutes.
        with PubSub(sandbox) as client:
            client.create("Account", Name="Fresh")
        metrics = daemon.until(lambda: "table_freshness" in (text := daemon.get("/metrics")[1]) and text, "metrics")
        without = [name for name in named if name not in metrics]
        assert without in ([], ["outbox_waiting", "dead_letters"]), "those of rules are there with rules"
    finally:
        daemon.end()


def test_a_collector_is_told_as_the_guide_says(project):
    text = blocks("run-as-a-service.md", "yaml")[2]
    assert "http://127.0.0.1:4318" in text and "${file:secrets/otlp-authorization}" in text
    (project.folder / "secrets").mkdir()
    (project.folder / "secrets" / "otlp-authorization").write_text("Bearer guide\n")
    with collector.over_http() as kept:
        text = text.replace("http://127.0.0.1:4318", kept.url)
        add(project, text.replace("daemon:\n", "schedules: [{name: changes, when: rate(1 day), objects: [Account]}]\n"
                                                "daemon:\n  listen: none\n"))
        daemon = Daemon(project).until_ready()
        daemon.until_job("changes", outcome="exact", state="idle")
        assert daemon.end() == 0
        told = (GUIDES / "run-as-a-service.md").read_text()
        table = told[told.index("| a trace is"):told.index("Metrics are those of")]
        named = {span.name for span in kept.spans}
        of_jobs = set(re.findall(r"`([a-z ]+)`", table.splitlines()[2])) - {"commit merge", "maintain table"}
        assert len(of_jobs) >= 7 and of_jobs <= named, (of_jobs, named)
        assert {headers["authorization"] for headers in kept.headers} == {"Bearer guide"}
        assert {"firn.rows_in", "firn.lag"} <= set(kept.points)


def test_the_unit_stops_later_than_the_drain_and_systemd_finds_no_fault_in_it(tmp_path):
    text = UNIT.read_text()
    assert "TimeoutStopSec=90s" in text and "Type=notify" in text and "ProtectSystem=strict" in text
    if shutil.which("systemd-analyze"):
        # As it will lie on a server, but for the program, which is installed elsewhere.
        unit = tmp_path / UNIT.name
        unit.write_text(text.replace("/usr/bin/firn", firn_path()))
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True,
                              text=True, check=False)
        assert UNIT.name.removesuffix(".service") not in done.stderr, done.stderr


def test_the_certificate_is_rotated_as_the_guide_says(project, sandbox):
    config = project.folder / "firn.yaml"
    keys = project.folder / "keys"
    keys.mkdir()
    shutil.copy(sandbox.facts["key_file"], keys / "prod.pem")
    places = blocks("rotate-the-certificate.md", "yaml")[0].strip().splitlines()
    old = f"key: ${{file:{sandbox.facts['key_file']}}}"
    assert old in config.read_text()
    config.write_text(config.read_text().replace(old, "\n      ".join(places)))
    begin, activate, finish = blocks("rotate-the-certificate.md", "sh")
    for line in begin.strip().splitlines():
        run_line(line, project.folder)
    client = urllib.parse.quote(sandbox.facts["client_id"])
    certificates = f"apps/{client}/certificates"
    sandbox.ask("POST", certificates, {"name": "next", "pem": (project.folder / "new.crt").read_text()})
    run_line(activate.strip(), project.folder)
    demo = pathlib.Path(sandbox.folder) / "keys/demo.crt"
    sandbox.ask("DELETE", f"{certificates}/demo")
    try:
        run_line(finish.strip(), project.folder)
        assert "current" in run_line("firn org login", project.folder).stdout
    finally:
        if demo.exists():
            sandbox.ask("POST", certificates, {"name": "demo", "pem": demo.read_text()})
