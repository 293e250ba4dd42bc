"""`firn run` and what happens to the machine under it: ports, clocks, settings, disks.

What could go wrong in production: a port that somebody else has ends in a daemon that serves half; a change
that cannot be taken over is taken over by half; the clock is set and jobs stop, or run for every hour that
was skipped; a full disk ends it, or costs a row.
"""

import pathlib
import socket
import struct

import pytest

from support.daemon import running
from support.events import EventsProject
from support.firn import Project, Sandbox, firn_path, replace_text
from support.pubsub import PubSub

WALL_CLOCK = pathlib.Path(firn_path()).parents[1] / "tests/libwall_clock.so"
FULL_DISK = WALL_CLOCK.with_name("libfull_disk.so")
TOPIC = "/data/AccountChangeEvent"
JOBS = """\
schedules:
  - {name: changes, when: rate(1 hour), objects: [Account], mode: incremental}
objects:
  - {name: Account, lag: 0s}
daemon:
  listen: 127.0.0.1:0
  limits_every: 0s
"""
RECORDS = {"Account": 50}


def made(folder, org, more=""):
    project = Project(folder, org)
    config = project.folder / "firn.yaml"
    config.write_text(config.read_text() + JOBS + more)
    return project


def until_all_rows(daemon, project, org):
    """A row whose stamp is the org's present comes with the next window, or the one after."""
    def run_and_look():
        asked = project.firn("daemon", "job", "changes")
        assert asked.code == 0 or "ENGINE-JOB-002" in asked.err, asked
        return len(project.rows("salesforce.Account")) == org.rows_of("Account")
    daemon.until(run_and_look, "row of the org")
    daemon.until_job("changes", state="idle", error="")


def rewrite(project, old, new):
    config = project.folder / "firn.yaml"
    text = config.read_text()
    assert old in text
    replace_text(config, text.replace(old, new))


@pytest.mark.parametrize("settings", ["  catalog: {{listen: \"127.0.0.1:{port}\"}}\n", "listen"])
def test_a_port_in_use_at_the_start_is_told_and_leaves_nothing_behind(tmp_path, org, settings):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        project = made(tmp_path / "project", org, "" if settings == "listen" else settings.format(port=port))
        if settings == "listen":
            rewrite(project, "listen: 127.0.0.1:0", f"listen: 127.0.0.1:{port}")
        refused = project.firn("run")
        assert refused.code == 1, refused
        assert "NET-SERVE-001" in refused.err and str(port) in refused.err, refused
        if settings != "listen":
            assert "daemon.catalog" in refused.err
        assert not (project.folder / ".firn" / "daemon.sock").exists()
    with running(project) as daemon:  # the lock and the leases are free
        daemon.until_job("changes", state="idle", outcome="exact")
        assert daemon.end() == 0


@pytest.mark.parametrize("old, new, key", [
    ("warehouse: lake", "warehouse: elsewhere", "lake.warehouse"),
    ("warehouse: lake", "warehouse: lake\n  catalog: other.db", "lake.catalog"),
    ("warehouse: lake", "rest: {uri: \"http://127.0.0.1:9\"}", "lake.rest"),
    ("  limits_every: 0s", "  limits_every: 0s\n  catalog: {listen: \"127.0.0.1:0\"}", "daemon.catalog"),
    ("listen: 127.0.0.1:0", "listen: none", "daemon.listen"),
    ("  limits_every: 0s", "  limits_every: 0s\n  memory: 1GiB", "daemon.memory"),
    ("  limits_every: 0s", "  limits_every: 0s\n  jobs_at_once: 7", "daemon.jobs_at_once"),
])
def test_engine_reload_001_what_needs_a_restart_is_refused_and_the_old_stays(tmp_path, org, old, new, key):
    project = made(tmp_path / "project", org)
    before = (project.folder / "firn.yaml").read_text()
    with running(project) as daemon:
        daemon.until_job("changes", state="idle", outcome="exact")
        rewrite(project, old, new)
        asked = project.firn("daemon", "reload")
        assert asked.code != 0 and "ENGINE-RELOAD-001" in asked.err and key in asked.err, asked
        assert "ENGINE-RELOAD-001" in daemon.status()["reload_error"]
        replace_text(project.folder / "firn.yaml", before)
        assert project.firn("daemon", "reload").code == 0
        assert daemon.status()["reload_error"] == ""
        assert project.firn("daemon", "job", "changes").code == 0
        daemon.until_job("changes", state="idle", runs=2, error="")
        assert daemon.end() == 0


class WallClock:
    """The wall clock of a process: `with WallClock(folder) as clock: .. clock.environment .. clock.off(60)`"""

    def __init__(self, folder):
        assert WALL_CLOCK.exists(), f"{WALL_CLOCK} is not built"
        self.path = folder / "wall_clock"
        self.off(0)
        self.environment = {"LD_PRELOAD": str(WALL_CLOCK), "FIRN_WALL_CLOCK": str(self.path)}

    def off(self, seconds):
        """In place: the process has the file mapped."""
        with open(self.path, "r+b" if self.path.exists() else "wb", buffering=0) as file:
            file.write(struct.pack("q", seconds))


def test_clock_jump_ahead_runs_a_job_once_and_back_does_not_stop_it(tmp_path, org):
    project = made(tmp_path / "project", org)
    clock = WallClock(tmp_path)
    with running(project, **clock.environment) as daemon:
        daemon.until_job("changes", state="idle", outcome="exact", runs=1)
        clock.off(5 * 3600)
        daemon.until(lambda: len(daemon.events("clock.jumped")) == 1, "sight of the jump")
        ahead = daemon.until_job("changes", state="idle", runs=2)
        assert ahead["error"] == "", "five hours were skipped, and it ran once"
        clock.off(-24 * 3600)
        daemon.until(lambda: len(daemon.events("clock.jumped")) == 2, "sight of the jump")
        assert daemon.job("changes")["next"] < ahead["next"], "it would wait for a day"
        org.create("Account", Name="After the jump")
        until_all_rows(daemon, project, org)
        assert daemon.get("/readyz") == (200, "ready\n")
        assert daemon.end() == 0
    assert not daemon.events("lease.not_renewed")


def peak_bytes(daemon):
    lines = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def test_jobs_share_the_budget_and_who_finds_no_room_waits(tmp_path, org):
    """Two orgs' exports, with memory for one at a time: the second waits, and both are right."""
    project = made(tmp_path / "project", org)
    with Sandbox(tmp_path / "second") as second:
        second.seed("Account", 30)
        facts = second.facts
        config = project.folder / "firn.yaml"
        text = config.read_text().replace("lake:\n", f"""\
  - id: second
    login_url: {facts["http_url"]}
    auth: {{flow: jwt, client_id: {facts["client_id"]}, username: {facts["username"]}, key: "${{file:{facts["key_file"]}}}"}}
    api_version: "62.0"
lake:
""", 1).replace("namespace: salesforce", "namespace: 'sf_{org}'").replace("  - {name: changes,", """\
  - {name: other, org: second, when: rate(1 hour), objects: [Account], mode: incremental}
  - {name: changes, org: prod,""").replace("  limits_every: 0s", "  limits_every: 0s\n  memory: 256MiB\n  threads: 2")
        config.write_text(text)
        with second.faults({"effect": "delay", "path": "*/results*", "ms": 2000}), \
                org.faults({"effect": "delay", "path": "*/results*", "ms": 2000}), running(project) as daemon:
            budget = daemon.until(lambda: (shown := daemon.status()["budget"])["waiting"] == 1 and shown, "a waiter")
            assert budget == {"memory_bytes": 256 << 20, "memory_used": 256 << 20, "threads": 2, "threads_used": 1,
                              "waiting": 1}
            assert "256 of 256 MiB and 1 of 2 threads in use, 1 wait" in project.firn("status").out
            assert "budget_memory_used_bytes 268435456" in daemon.get("/metrics")[1]
            daemon.until_job("changes", state="idle", outcome="exact")
            daemon.until_job("other", state="idle", outcome="exact")
            assert daemon.status()["budget"]["memory_used"] == 0
            assert peak_bytes(daemon) < 256 << 20
            assert daemon.end() == 0
        assert len(project.rows("sf_prod.Account")) == org.rows_of("Account")
        assert len(project.rows("sf_second.Account")) == second.rows_of("Account")


class FullDisk:
    """The disk of a process below a folder: full while told so."""

    def __init__(self, folder, root):
        assert FULL_DISK.exists(), f"{FULL_DISK} is not built"
        self.path = folder / "full_disk"
        self.path.write_bytes(b"\0")
        self.environment = {"LD_PRELOAD": str(FULL_DISK), "FIRN_FULL_DISK": str(self.path),
                            "FIRN_FULL_DISK_ROOT": str(root)}

    def full(self, is_full):
        with open(self.path, "r+b", buffering=0) as file:
            file.write(b"\1" if is_full else b"\0")


def test_disk_full_jobs_fail_and_say_so_and_go_on_when_there_is_room(tmp_path, org):
    project = made(tmp_path / "project", org)
    disk = FullDisk(tmp_path, project.folder)
    with running(project, **disk.environment) as daemon:
        daemon.until_job("changes", state="idle", outcome="exact", runs=1)
        disk.full(True)
        org.create("Account", Name="While the disk was full")
        assert project.firn("daemon", "job", "changes").code == 0
        failed = daemon.until_job("changes", state="idle", runs=2)
        assert "full" in failed["error"] or failed["outcome"] == "BASE-FILE-003", failed
        assert daemon.get("/healthz")[0] == 200
        status, why = daemon.get("/readyz")
        assert status == 503 and "disk: less than 64 MiB are free" in why
        disk.full(False)
        assert daemon.get("/readyz") == (200, "ready\n")
        until_all_rows(daemon, project, org)
        assert daemon.end() == 0


def test_disk_full_a_stream_waits_and_no_change_is_lost_or_doubled(tmp_path, org):
    project = EventsProject(tmp_path / "project", org, ["Account"], more="""\
events:
  - {objects: [Account], commit_every: 50ms, lease: 300ms}
daemon: {listen: "127.0.0.1:0", limits_every: 0s}
""").start()
    project.follow("Account")
    disk = FullDisk(tmp_path, project.folder)

    def stream(daemon):
        return daemon.status()["streams"][0]["state"]

    with PubSub(org) as client, running(project, **disk.environment) as daemon:
        daemon.until(lambda: stream(daemon) == "following", "stream")
        before = project.events_in("Account", TOPIC)
        disk.full(True)
        for name in ("One", "Two", "Three"):
            client.create("Account", Name=name)
        daemon.until(lambda: stream(daemon) == "retrying", "a stream that found no room")
        assert project.events_in("Account", TOPIC) == before
        disk.full(False)
        daemon.until(lambda: project.events_in("Account", TOPIC) == before + 3, "changes")
        assert daemon.end() == 0
    assert project.events_in("Account", TOPIC) == before + 3
    project.assert_equal("Account")
