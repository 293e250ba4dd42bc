"""Failure mode 6, certificate rollover: a new certificate without one failed call.

What could go wrong in production: the certificate expires at night and every call fails with
`invalid_grant`; or it is changed by hand, one step in the wrong order, with the same end.
"""

import subprocess
import threading
import urllib.parse

import pytest

from support import moto
from support.daemon import running
from support.firn import Project, Sandbox

POINTS = ["engine.rotate.key_made", "engine.rotate.kept_aside", "engine.rotate.switched"]


@pytest.fixture
def sandbox(tmp_path):
    with Sandbox(tmp_path / "org") as org:
        org.seed("Account", 200)
        yield org


@pytest.fixture(scope="module")
def aws():
    with moto.running() as environment:
        yield environment


class Keys:
    """A project whose key and next key lie in files, or in a secret of AWS."""

    def __init__(self, tmp_path, sandbox, kind, environment):
        self.sandbox = sandbox
        self.environment = environment if kind == "secret" else {}
        self.project = Project(tmp_path / "project", sandbox)
        config = self.project.folder / "firn.yaml"
        text = config.read_text()
        old = f"key: ${{file:{sandbox.facts['key_file']}}}"
        assert old in text
        pem = open(sandbox.facts["key_file"]).read()
        if kind == "file":
            keys = self.project.folder / "keys"
            keys.mkdir()
            (keys / "prod.pem").write_text(pem)
            new = "key: ${file:keys/prod.pem}\n      next_key: ${file:keys/prod-next.pem}"
        else:
            name = f"firn/{tmp_path.name}"
            moto.client(environment, "secretsmanager").create_secret(Name=name, SecretString=pem)
            new = f"key: ${{aws-secret:{name}}}\n      next_key: ${{aws-secret:{name}@AWSPENDING}}"
        config.write_text(text.replace(old, new))
        self.certificate = tmp_path / "new.crt"

    def firn(self, *words, **more):
        return self.project.firn(*words, **self.environment, **more)

    def step(self, name, **more):
        words = ["--certificate", str(self.certificate)] if name == "begin" else []
        return self.firn("org", "rotate-cert", name, *words, **more)

    def client(self):
        return urllib.parse.quote(self.sandbox.facts["client_id"])

    def upload(self):
        self.sandbox.ask("POST", f"apps/{self.client()}/certificates",
                         {"name": "next", "pem": self.certificate.read_text()})

    def remove_old(self):
        self.sandbox.ask("DELETE", f"apps/{self.client()}/certificates/demo")


@pytest.fixture(params=["file", "secret"])
def keys(request, tmp_path, sandbox, aws):
    return Keys(tmp_path, sandbox, request.param, aws)


def test_failure_mode_6_a_rollover_without_one_failed_call(keys, sandbox):
    """All the time an export runs after another, and a daemon that signed in before it began."""
    config = keys.project.folder / "firn.yaml"
    config.write_text(config.read_text() + "schedules:\n  - {name: changes, when: rate(1 second), "
                      "objects: [Account], mode: incremental}\ndaemon: {listen: none}\n")
    other = Project(keys.project.folder.parent / "other", sandbox)
    (other.folder / "firn.yaml").write_text(config.read_text().split("schedules:")[0]
                                            .replace("${file:keys/", f"${{file:{keys.project.folder}/keys/"))
    ended = threading.Event()
    failed = []

    def export_again_and_again():
        while not ended.is_set():
            done = other.export("Account", **keys.environment)
            if done.code != 0:
                failed.append(done)

    exporter = threading.Thread(target=export_again_and_again)
    with running(keys.project, **keys.environment) as daemon:
        daemon.until_job("changes", outcome="exact")
        exporter.start()
        try:
            assert keys.step("begin").code == 0
            early = keys.step("activate")
            assert early.code == 4 and "ENGINE-ROTATE-004" in early.err, early
            keys.upload()
            done = keys.step("activate")
            assert done.code == 0, done
            early = keys.step("finish")
            assert early.code == 1 and "ENGINE-ROTATE-005" in early.err, early
            runs = daemon.job("changes")["runs"]
            daemon.until(lambda: daemon.job("changes")["runs"] > runs, "run between")
            keys.remove_old()
            done = keys.step("finish")
            assert done.code == 0, done
            runs = daemon.job("changes")["runs"]
            daemon.until(lambda: daemon.job("changes")["runs"] > runs + 1, "run after")
        finally:
            ended.set()
            exporter.join(120)
        assert daemon.job("changes")["failures"] == 0, daemon.events("job.failed")
        daemon.end()
    assert failed == []
    login = keys.firn("org", "login", "--json")
    assert login.code == 0 and login.json()["served_by"] == "current key", login
    plan = keys.firn("org", "rotate-cert", "--plan", "--json").json()
    assert plan["stage"] == "not begun" and plan["days_left"] > 300


def test_secret_rotated_in_mid_run_keys_are_read_anew(keys, sandbox):
    """A daemon that read its keys before the rotation began has only the old one in memory."""
    config = keys.project.folder / "firn.yaml"
    config.write_text(config.read_text() + "schedules:\n  - {name: changes, when: rate(1 day), "
                      "objects: [Account]}\ndaemon: {listen: none}\n")
    with running(keys.project, **keys.environment) as daemon:
        daemon.until_job("changes", outcome="exact")
        for step in ("begin", "activate", "finish"):
            if step == "activate":
                keys.upload()
            if step == "finish":
                keys.remove_old()
            done = keys.step(step)
            assert done.code == 0, done
        # Its session ends too: the next call has to sign in, and only the new key is taken.
        with sandbox.faults({"effect": "expire_tokens", "path": "*/sobjects*", "times": 1}):
            assert keys.firn("daemon", "job", "changes").code == 0
            job = daemon.until_job("changes", runs=2, state="idle")
        assert job["error"] == "", job
        daemon.end()


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_step_of_the_rotation_it_goes_on_and_no_key_is_lost(keys, point):
    begun = keys.step("begin", **({"FIRN_FAULT_POINT": point} if "key_made" in point else {}))
    if "key_made" in point:
        assert begun.code == -9, begun
        begun = keys.step("begin")
    assert begun.code == 0, begun
    keys.upload()
    activated = keys.step("activate", FIRN_FAULT_POINT=point)
    if "key_made" not in point:
        assert activated.code == -9, activated
        assert keys.firn("org", "login").code == 0, "in the middle of it"
        activated = keys.step("activate")
    assert activated.code == 0, activated
    assert keys.step("finish").code == 1, "the old certificate is still there, so its key is too"
    keys.remove_old()
    done = keys.step("finish")
    assert done.code == 0, done
    assert keys.firn("org", "login").code == 0


def test_steps_out_of_order_are_refused_with_the_right_one(keys):
    for step in ("activate", "finish"):
        wrong = keys.step(step)
        assert wrong.code == 2 and "ENGINE-ROTATE-003" in wrong.err and "begin" in wrong.err, wrong
    assert keys.step("begin").code == 0
    again = keys.step("begin")
    assert again.code == 1 and "ENGINE-ROTATE-003" in again.err, again


def test_a_key_that_somebody_else_put_there_is_not_written_over(tmp_path, sandbox):
    keys = Keys(tmp_path, sandbox, "file", {})
    theirs = keys.project.folder / "keys/prod-next.pem"
    theirs.write_text(subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, text=True,
                                     check=True).stdout)
    before = theirs.read_text()
    refused = keys.step("begin")
    assert refused.code == 1 and "ENGINE-ROTATE-006" in refused.err, refused
    assert theirs.read_text() == before


def test_no_key_is_ever_printed_and_the_files_are_private(tmp_path, sandbox):
    keys = Keys(tmp_path, sandbox, "file", {})
    done = keys.step("begin")
    next_key = keys.project.folder / "keys/prod-next.pem"
    assert next_key.stat().st_mode & 0o777 == 0o600
    assert next_key.read_text().splitlines()[1] not in done.out + done.err
    assert "BEGIN CERTIFICATE" in keys.certificate.read_text()
    assert "PRIVATE" not in keys.certificate.read_text()


def test_an_org_without_a_certificate_is_told_so(tmp_path, sandbox):
    keys = Keys(tmp_path, sandbox, "file", {})
    config = keys.project.folder / "firn.yaml"
    text = config.read_text()
    config.write_text(text.replace("\n      next_key: ${file:keys/prod-next.pem}", ""))
    refused = keys.step("begin")
    assert refused.code == 2 and "ENGINE-ROTATE-002" in refused.err and "next_key" in refused.err
