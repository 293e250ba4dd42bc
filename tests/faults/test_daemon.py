"""`firn run`: what keeps a project going unattended.

What could go wrong in production: the daemon is killed in mid-export and the table is wrong or never
finished; a slip in firn.yaml stops a running daemon; two daemons write one state; it stops answering, or
eats the machine while it has nothing to do.
"""

import json
import resource
import signal
import subprocess
import time

import pytest

from support.daemon import Daemon, running
from support.firn import Project, fault_points, firn_path, replace_text

JOBS = """
schedules:
  - {name: changes, when: rate(1 day), objects: [Account], mode: incremental}
  - {name: tidy, job: maintain, when: rate(1 day)}
daemon:
  listen: 127.0.0.1:0
"""
RECORDS = {"Account": 300}


@pytest.fixture
def project(tmp_path, org):
    made = Project(tmp_path / "project", org)
    config = made.folder / "firn.yaml"
    config.write_text(config.read_text() + JOBS)
    return made


def rewrite(project, old, new):
    """As an editor saves: the daemon sees the old file or the new one."""
    config = project.folder / "firn.yaml"
    text = config.read_text()
    assert old in text
    replace_text(config, text.replace(old, new))


def pages(org):
    return sum("/results" in line["path"] for line in org.requests(100_000))


def test_jobs_run_are_shown_and_the_table_is_the_orgs(project, org):
    with running(project) as daemon:
        daemon.until_job("changes", state="idle", outcome="exact")
        daemon.until_job("tidy", state="idle", outcome="done")
        daemon.until_job("firn.limits", outcome="done")
        assert daemon.get("/healthz") == (200, "ok\n")
        assert daemon.get("/readyz") == (200, "ready\n")
        status, metrics = daemon.get("/metrics")
        assert status == 200
        for name in ('salesforce_limit_max{org="prod",limit="DailyApiRequests"}', "api_requests_used{",
                     'job_runs_total{job="changes",kind="export",outcome="done"} 1',
                     'lag_seconds{org="prod",object="Account"}', "process_resident_memory_bytes"):
            assert name in metrics, name
        assert daemon.get("/")[0] == 404
        shown = project.firn("runs", "--json").json()["rows"]
        assert [run["outcome"] for run in shown] == ["exact"]
        logged = project.firn("logs", "--lines", "1000").out
        assert '"job.finished"' in logged and '"changes"' in logged
        assert daemon.end() == 0
    assert len(project.rows("salesforce.Account")) == org.rows_of("Account")
    assert project.firn("runs", "--json").json()["rows"] == shown, "the same when it is down"
    assert project.firn("status").code == 1


def test_the_log_is_json_and_holds_no_secret(project, org):
    with running(project) as daemon:
        daemon.until_job("changes", outcome="exact")
        daemon.end()
    key = open(org.facts["key_file"]).read().splitlines()[1]
    text = daemon.log_path.read_text()
    assert all(json.loads(line)["event"] for line in text.splitlines())
    assert key not in text and "Bearer" not in text and "access_token" not in text


def test_two_daemons_the_second_says_who_holds_it(project):
    with running(project) as first:
        second = project.firn("run")
        assert second.code == 1, second
        assert "STATE-LOCK-001" in second.err and f"pid {first.process.pid} (firn run)" in second.err
        assert first.process.poll() is None


def test_a_writing_command_goes_through_the_daemon(project, org):
    with running(project) as daemon:
        daemon.until_job("changes", outcome="exact")
        done = project.export("Account", "--report", "mine.md")
        assert done.code == 0, done
        assert "carries the command out" in done.err and "Account" in done.out
        assert "# " in (project.folder / "mine.md").read_text()
        as_json = project.export("Account", "--json")
        assert as_json.code == 0 and as_json.json()["verdict"] == "exact"
        wrong = project.export("Acount")
        assert wrong.code == 2 and "EXPORT-PLAN-001" in wrong.err, wrong
        daemon.end()


def test_ctrl_c_at_a_command_that_the_daemon_carries_out_stops_it_and_not_the_daemon(project, org):
    with running(project) as daemon:
        daemon.until_job("changes", outcome="exact")
        before = pages(org)
        with org.faults({"effect": "stall", "path": "*/results*", "at_byte": 10}):
            command = subprocess.Popen([firn_path(), "export", "run", "Account", "--mode", "full"],
                                       cwd=project.folder, stderr=subprocess.PIPE, text=True)
            daemon.until(lambda: daemon.events("command.started"), "command")
            daemon.until(lambda: pages(org) > before, "page")
            command.send_signal(signal.SIGINT)
            _, said = command.communicate(timeout=300)
        assert command.returncode == 130, said
        assert daemon.process.poll() is None
        daemon.until(lambda: daemon.events("command.finished"), "end of the command")
        assert project.resume().code == 0


def test_config_reload_with_an_error_keeps_the_old_one_and_says_so(project):
    with running(project) as daemon:
        daemon.until_job("changes", outcome="exact")
        rewrite(project, "rate(1 day), objects", "rate(1 fortnight), objects")
        daemon.until(lambda: daemon.events("config.refused"), "refusal")
        status = daemon.status()
        assert "ENGINE-SCHEDULE-001" in status["reload_error"]
        assert daemon.job("changes")["when"] == "rate(1 day)"
        asked = project.firn("daemon", "reload")
        assert asked.code != 0 and "ENGINE-SCHEDULE-001" in asked.err
        rewrite(project, "rate(1 fortnight)", "rate(2 days)")
        daemon.until(lambda: daemon.events("config.reloaded"), "reload")
        assert daemon.job("changes")["when"] == "rate(2 days)"
        assert daemon.status()["reload_error"] == ""


def test_sighup_takes_over_new_jobs_and_a_change_that_needs_a_restart_is_refused(project):
    with running(project) as daemon:
        rewrite(project, "schedules:\n", "schedules:\n  - {name: more, job: maintain, when: rate(1 hour)}\n")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.until(lambda: daemon.events("config.reloaded"), "reload")
        assert daemon.job("more")["kind"] == "maintain"
        rewrite(project, "folder: .firn", "folder: .other")
        daemon.process.send_signal(signal.SIGHUP)
        for refused in daemon.until(lambda: daemon.events("config.refused"), "refusal"):
            assert "ENGINE-RELOAD-001" in refused["error"] and "state.folder" in refused["error"]
        assert project.folder.joinpath(".firn/daemon.sock").exists()
        rewrite(project, "folder: .other", "folder: .firn")


def test_a_job_can_be_asked_for_by_name(project):
    with running(project) as daemon:
        daemon.until_job("changes", outcome="exact")
        assert project.firn("daemon", "job", "changes").code == 0
        daemon.until_job("changes", runs=2, state="idle")
        unknown = project.firn("daemon", "job", "chances")
        assert unknown.code == 1 and "did you mean `changes`" in unknown.err
        assert project.firn("daemon", "stop").code == 0
        assert daemon.process.wait(180) == 0


def points():
    return [name for name in fault_points()
            if name.startswith(("exports.", "state.", "lake.commit.", "base.file."))
            and name != "base.file.write" and not name.startswith(
                ("exports.columns.", "exports.deletes.", "exports.merge.", "exports.forget."))]


@pytest.mark.parametrize("point", points())
def test_daemon_killed_at_every_stage_the_next_one_ends_with_the_orgs_rows(project, org, point):
    killed = Daemon(project, FIRN_FAULT_POINT=point)
    end = time.monotonic() + 300
    while killed.process.poll() is None and time.monotonic() < end:
        if any(line["job"] == "changes" for line in killed.events("job.finished")):
            break  # this life passes the point never
        time.sleep(0.02)
    killed.end(signal.SIGKILL)
    with running(project) as daemon:
        asked = project.firn("daemon", "job", "changes")
        assert asked.code == 0 or "ENGINE-JOB-002" in asked.err, asked
        daemon.until(lambda: (job := daemon.job("changes"))["runs"] > 0 and job["state"] == "idle", "run")
        assert daemon.job("changes")["error"] == "", daemon.job("changes")
        daemon.end()
    assert len(project.rows("salesforce.Account")) == org.rows_of("Account")
    assert project.orphans("salesforce.Account") == []


def test_sigterm_in_mid_export_drains_and_the_next_start_goes_on(project, org):
    before = pages(org)
    with org.faults({"effect": "delay", "path": "*/results*", "ms": 1500}):
        daemon = Daemon(project).until_ready()
        daemon.until(lambda: pages(org) > before, "page")
        assert daemon.end() == 0
    assert daemon.events("daemon.stopped") and not daemon.events("drain.too_slow")
    with running(project) as again:
        again.until_job("changes", state="idle", error="")
        again.end()
    assert len(project.rows("salesforce.Account")) == org.rows_of("Account")


def test_disk_full_is_told_and_the_daemon_goes_on(project, org):
    with running(project, FIRN_FAULT_POINT="base.file.write:4", FIRN_FAULT_ACTION="disk-full") as daemon:
        failed = daemon.until_job("changes", state="idle", runs=1)
        if failed["error"]:
            assert "BASE-FILE-003" in failed["error"], failed
            assert project.firn("daemon", "job", "changes").code == 0
            daemon.until_job("changes", state="idle", runs=2, error="")
        assert daemon.get("/healthz")[0] == 200
        daemon.end()
    assert len(project.rows("salesforce.Account")) == org.rows_of("Account")


def test_an_unreachable_org_does_not_keep_the_daemon_from_starting(project, org):
    rewrite(project, org.facts["http_url"], "http://127.0.0.1:1")
    with running(project) as daemon:
        failed = daemon.until_job("changes", state="idle", failures=1)
        assert "NET-HTTP-001" in failed["error"]
        assert daemon.get("/healthz")[0] == 200
        rewrite(project, "http://127.0.0.1:1", org.facts["http_url"])
        daemon.until(lambda: daemon.events("config.reloaded"), "reload")
        assert project.firn("daemon", "job", "changes").code == 0
        daemon.until_job("changes", state="idle", outcome="exact")


def test_idle_it_takes_little_of_the_machine(project):
    """The bars (1 % of a CPU, 150 MiB) are measured by bench/daemon_idle; here only that the numbers
    it reads are there and of a sane size."""
    with running(project) as daemon:
        daemon.until_job("changes", outcome="exact")
        metrics = dict(line.rsplit(" ", 1) for line in daemon.get("/metrics")[1].splitlines()
                       if not line.startswith("#"))
        assert 0 < float(metrics["process_resident_memory_bytes"]) < 2 * 512 * 2**20
        assert 0 < float(metrics["process_cpu_seconds_total"])
        assert resource.getpagesize() > 0
