"""A sandbox org and a project folder for tests that drive the built `firn` from outside.

Everything lies in a folder of the test's own; the sandbox listens on free ports of loopback and is
stopped by its own process handle. Nothing here knows how firn works inside.
"""

import contextlib
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import time
import urllib.parse
import urllib.request

# Far longer than anything takes on a busy machine: only what hangs for ever ends here.
START_SECONDS_MAX = 180
COMMAND_SECONDS_MAX = 300
STOP_SECONDS_MAX = 120


def firn_path():
    return os.environ.get("FIRN_BIN") or str(
        pathlib.Path(__file__).resolve().parents[2] / "build/release/bin/firn")


def firn_environment(**more):
    kept = {key: value for key, value in os.environ.items()
            if not key.startswith(("FIRN_", "OTEL_")) and not key.lower().endswith("_proxy")}
    return {**kept, "FIRN_NO_PROGRESS": "1", **more}


class Result:
    """What a finished command left: exit code, both outputs, and its JSON lines."""

    def __init__(self, words, completed):
        self.words = words
        self.code = completed.returncode
        self.out = completed.stdout
        self.err = completed.stderr

    def json(self):
        """The last JSON document on stdout."""
        return json.loads([line for line in self.out.splitlines() if line.strip()][-1])

    def __repr__(self):
        return f"{' '.join(self.words)}\nexit {self.code}\n{self.out}\n{self.err}"


def firn(*words, cwd=None, timeout=COMMAND_SECONDS_MAX, **environment):
    completed = subprocess.run(
        [firn_path(), *map(str, words)], cwd=cwd, env=firn_environment(**environment),
        capture_output=True, timeout=timeout, encoding="utf-8", errors="replace", check=False)
    return Result(["firn", *map(str, words)], completed)


def fault_points():
    """The names of all, as listed."""
    listed = firn("debug", "faultpoints", "--json")
    assert listed.code == 0, listed
    return [row["name"] for row in listed.json()["rows"]]


def until(condition, what="it did not happen", seconds=COMMAND_SECONDS_MAX):
    """Waits for something that must come; its value."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, what
        time.sleep(0.02)
    return found


def replace_text(path, text):
    """Writes a file that a running process may read at any moment: it sees the old text or the new."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(text)
    beside.replace(path)


class Served:
    """A firn process that serves, `process`, with its `log`: gone at the end of the context."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()


class Sandbox(Served):
    """A running org. Use as a context manager."""

    def __init__(self, folder, scale=0, seed=7, object_files=(), tls=False,
                 environment=None, ports=None):
        """`ports` of HTTP and of the Pub/Sub API, for an org that is started again; else any free ones."""
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        words = [firn_path(), "sandbox", "up", "--folder", str(self.folder),
                 "--scale", str(scale), "--seed", str(seed), "--ready-file", str(ready)]
        words += [] if tls else ["--no-tls"]
        words += ["--port", str(ports[0]), "--pubsub-port", str(ports[1])] if ports else []
        for path in object_files:
            words += ["--object-file", str(path)]
        self.log = open(self.folder / "output.log", "wb")
        self.process = subprocess.Popen(words, stdout=self.log, stderr=self.log,
                                        env=firn_environment(**(environment or {})))
        until = time.monotonic() + START_SECONDS_MAX
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError("the sandbox did not start: " +
                                   (self.folder / "output.log").read_text(errors="replace"))
            time.sleep(0.02)
        self.facts = json.loads(ready.read_text())
        self.url = self.facts["http_url"]

    def ask(self, method, path, body=None, timeout=COMMAND_SECONDS_MAX):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/sandbox/{path}", data=data, method=method,
                                         headers={"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=timeout) as answer:
            text = answer.read()
        return json.loads(text) if text.strip() else None

    def seed(self, name, rows):
        return self.ask("POST", "seed", {"object": name, "rows": rows, "scale": 1})

    def fault(self, **fault):
        self.ask("POST", "faults", fault)

    @contextlib.contextmanager
    def faults(self, *faults):
        for fault in faults:
            self.fault(**fault)
        try:
            yield
        finally:
            self.clear()

    def clear(self):
        self.ask("DELETE", "faults")

    def status(self):
        return self.ask("GET", "status")

    def requests(self, count=100_000):
        """Those that its log has, the newest last."""
        return self.ask("GET", f"log?count={count}")["requests"]

    def token(self):
        """An access token, by client credentials of the sandbox's own app."""
        app = self.ask("GET", "apps")[0]
        secret = app.get("client_secret") or json.loads(
            (self.folder / "apps.json").read_text())["apps"][0]["client_secret"]
        form = urllib.parse.urlencode({"grant_type": "client_credentials",
                                       "client_id": app["client_id"],
                                       "client_secret": secret}).encode()
        return self._send("POST", "/services/oauth2/token", form, {})["access_token"]

    def rest(self, method, path, body=None):
        """A REST call as another client of the org: `sobjects/Account`, `query?q=..`."""
        data = None if body is None else json.dumps(body).encode()
        return self._send(method, f"/services/data/v62.0/{path}", data,
                          {"Authorization": f"Bearer {self.token()}",
                           "Content-Type": "application/json"})

    def create(self, name, **fields):
        return self.rest("POST", f"sobjects/{name}", fields)["id"]

    def _send(self, method, path, data, headers):
        request = urllib.request.Request(self.url + path, data=data, method=method,
                                         headers=headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=COMMAND_SECONDS_MAX) as answer:
            text = answer.read()
        return json.loads(text) if text.strip() else None

    def rows_of(self, name):
        """Rows that are not in the recycle bin, by the sandbox's own count."""
        for entry in self.status()["objects"]:
            if entry["name"] == name:
                return entry["rows"]
        return 0


class Project:
    """A project folder that points at a sandbox."""

    def __init__(self, folder, sandbox, objects=(), org="prod", limits=""):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.org = org
        facts = sandbox.facts
        pubsub = facts.get("pubsub_endpoint")
        door = f"    pubsub_endpoint: http://{pubsub}\n" if pubsub else ""
        rules = "".join(f"  - name: {name}\n" for name in objects)
        (self.folder / "firn.yaml").write_text(f"""\
name: tests
orgs:
  - id: {org}
    login_url: {facts["http_url"]}
    auth:
      flow: jwt
      client_id: {facts["client_id"]}
      username: {facts["username"]}
      key: ${{file:{facts["key_file"]}}}
    api_version: "62.0"
{door}{limits}lake:
  warehouse: lake
  namespace: salesforce
state:
  folder: .firn
{"objects:" + chr(10) + rules if rules else ""}""")

    def firn(self, *words, **more):
        return firn(*words, cwd=self.folder, **more)

    def export(self, *words, **more):
        return self.firn("export", "run", *words, **more)

    def resume(self, *words, **more):
        return self.firn("export", "resume", *words, **more)

    def report(self, *words):
        shown = self.firn("export", "show", *words, "--json")
        assert shown.code == 0, shown
        return shown.json()

    def data_files(self, table=None):
        """Parquet files on disk below the warehouse."""
        pattern = f"**/{table}/**/*.parquet" if table else "**/*.parquet"
        return sorted((self.folder / "lake").glob(pattern))

    def rows(self, table):
        """The table's rows by Id, read back by firn; order does not count."""
        read = self.firn("lake", "rows", table, "--json")
        assert read.code == 0, read
        rows = [json.loads(line)["row"] for line in read.out.splitlines() if line.strip()]
        by_id = {row["Id"]: row for row in rows}
        assert len(by_id) == len(rows), "the table holds a row twice"
        return by_id

    def orphans(self, table):
        """Data files on disk that the table's current snapshot does not list."""
        listed = self.firn("lake", "files", table, "--json")
        assert listed.code == 0, listed
        paths = {pathlib.Path(entry["path"].removeprefix("file://")).name
                 for entry in listed.json()["rows"]}
        return [path for path in self.data_files(table.split(".")[-1]) if path.name not in paths]

    def state(self):
        """The ledger, read-only."""
        return sqlite3.connect(f"file:{self.folder}/.firn/state.db?mode=ro", uri=True)
