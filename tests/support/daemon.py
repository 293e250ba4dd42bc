"""A running `firn run` for tests: started on a project, asked over HTTP and its socket, ended."""

import contextlib
import json
import signal
import subprocess
import time
import urllib.error
import urllib.request

from support.firn import firn_environment, firn_path

START_SECONDS_MAX = 180
WAIT_SECONDS_MAX = 300


class Daemon:
    def __init__(self, project, *words, **environment):
        self.project = project
        self.ready_file = project.folder / "ready.json"
        self.ready_file.unlink(missing_ok=True)
        self.log_path = project.folder / "daemon.log"
        self.log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            [firn_path(), "run", "--project", str(project.folder), "--ready-file", str(self.ready_file),
             "--log-format", "json", "--log-level", "debug", *map(str, words)],
            stdout=subprocess.PIPE, stderr=self.log, env=firn_environment(**environment))

    def until_ready(self):
        end = time.monotonic() + START_SECONDS_MAX
        while not self.ready_file.exists():
            assert self.process.poll() is None and time.monotonic() < end, self.log_path.read_text()
            time.sleep(0.02)
        return self

    def lines(self):
        """The log's lines that are whole: the last may be half written, and so may one of a life that was
        killed."""
        found = []
        for line in self.log_path.read_text(errors="replace").split("\n")[:-1]:
            with contextlib.suppress(json.JSONDecodeError):
                found.append(json.loads(line))
        return [line for line in found if isinstance(line, dict)]

    def events(self, name):
        return [line for line in self.lines() if line.get("event") == name]

    def until(self, happened, what):
        """Waits for something that must come; the test fails with the log when it does not."""
        end = time.monotonic() + WAIT_SECONDS_MAX
        while True:
            found = happened()
            if found:
                return found
            assert time.monotonic() < end and self.process.poll() is None, (
                f"no {what}\n" + self.log_path.read_text()[-4000:])
            time.sleep(0.05)

    def status(self):
        done = self.project.firn("status", "--json")
        assert done.code == 0, done
        return done.json()

    def job(self, name):
        return next(job for job in self.status()["jobs"] if job["name"] == name)

    def until_job(self, name, **wanted):
        return self.until(lambda: (job := self.job(name)) and all(
            job[key] == value for key, value in wanted.items()) and job, f"job {name} with {wanted}")

    def get(self, path):
        """Status and text of the HTTP listener."""
        port = self.status()["http_port"]
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{port}{path}", timeout=120) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def end(self, how=signal.SIGTERM, seconds=180):
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(seconds)
        self.log.close()
        return code


@contextlib.contextmanager
def running(project, *words, **environment):
    daemon = Daemon(project, *words, **environment)
    try:
        yield daemon.until_ready()
    finally:
        if daemon.process.poll() is None:
            daemon.end()
