"""docs/guides/run-as-a-service.md and rotate-the-certificate.md as a reader would follow them."""

import pathlib
import re
import shutil
import subprocess
import urllib.parse

from guides.blocks import GUIDES, blocks, run_line
from support.daemon import Daemon

UNIT = GUIDES.parents[1] / "packaging/systemd/firn@.service"


def add(project, text):
    config = project.folder / "firn.yaml"
    config.write_text(config.read_text() + text)


def test_the_service_starts_is_looked_at_changed_and_stopped(project):
    section = blocks("run-as-a-service.md", "yaml")[0]
    assert "listen: 127.0.0.1:9464" in section
    add(project, section.replace("listen: 127.0.0.1:9464", "listen: 127.0.0.1:0"))
    start, look, change = blocks("run-as-a-service.md", "sh")
    check, run = start.strip().splitlines()
    run_line(check, project.folder)
    assert run.startswith("firn run --log-format json --ready-file ready.json")
    daemon = Daemon(project).until_ready()
    daemon.until_job("changes", outcome="exact")
    for line in look.strip().splitlines():
        run_line(line, project.folder)
    daemon.until_job("changes", runs=2, state="idle")
    for path in ("/healthz", "/readyz", "/metrics"):
        assert daemon.get(path)[0] == 200
    reload, stop = change.strip().splitlines()
    run_line(reload, project.folder)
    run_line(stop, project.folder)
    assert daemon.process.wait(180) == 0


def test_every_metric_that_the_guide_names_is_there(project):
    add(project, blocks("run-as-a-service.md", "yaml")[0].replace(":9464", ":0"))
    text = (GUIDES / "run-as-a-service.md").read_text()
    row = next(line for line in text.splitlines() if line.startswith("| `/metrics`"))
    named = re.findall(r"`([a-z_]+)`", row.split("|")[2])
    assert len(named) >= 4
    daemon = Daemon(project).until_ready()
    try:
        daemon.until_job("changes", outcome="exact")
        daemon.until_job("firn.limits", outcome="done")
        metrics = daemon.get("/metrics")[1]
        for name in named:
            assert name in metrics, name
    finally:
        daemon.end()


def test_the_unit_stops_later_than_the_drain_and_systemd_finds_no_fault_in_it():
    text = UNIT.read_text()
    assert "TimeoutStopSec=90s" in text and "Type=notify" in text and "ProtectSystem=strict" in text
    if shutil.which("systemd-analyze"):
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(UNIT)], capture_output=True,
                              text=True, check=False)
        assert "Unknown" not in done.stderr, done.stderr


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
