"""A running `firn lake serve`, and plain HTTP calls to it."""
import http.client
import json
import pathlib
import subprocess
import time
import urllib.parse

from support.firn import START_SECONDS_MAX, Served, firn_environment, firn_path


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read()

    @property
    def json(self):
        return json.loads(self.text)

    def __repr__(self):
        return f"{self.status} {self.text[:500]!r}"


VEND_ROLE = "arn:aws:iam::123456789012:role/lake"


def secret_of(principal):
    return f"{principal}-secret"


def principals(folder, **grants):
    """Writes the principals file of a server: each may on one place what is said, `reader=("sales", "read")`. Its path, and
    the variables that hold the secrets."""
    lines = ["principals:"]
    for name, (place, may) in grants.items():
        lines += [f"  {name}:", f"    secret: ${{env:{name.upper()}_SECRET}}",
                  f"    grants: [{{on: \"{place}\", may: {may}}}]"]
    path = pathlib.Path(folder) / "principals.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path, {f"{name.upper()}_SECRET": secret_of(name) for name in grants}


class Catalog(Served):
    """Use as a context manager. `words`: further options of the command."""

    def __init__(self, folder, *words, warehouse=None, environment=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.warehouse = pathlib.Path(warehouse or self.folder / "lake")
        place = [] if "--warehouse" in words else ["--warehouse", str(self.warehouse)]
        self.words = [firn_path(), "lake", "serve", *place, "--port", "0", "--ready-file",
                      str(self.folder / "ready.json"), *map(str, words)]
        self.environment = environment or {}
        self.token = None
        self.start()

    def start(self, **environment):
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        self.log = open(self.folder / "serve.log", "ab")
        self.process = subprocess.Popen(
            self.words, stdout=self.log, stderr=self.log,
            env=firn_environment(**self.environment, **environment))
        until = time.monotonic() + START_SECONDS_MAX
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise RuntimeError("the catalog did not start: " + self.output())
            time.sleep(0.02)
        facts = json.loads(ready.read_text())
        self.url, self.port = facts["url"], facts["port"]

    def output(self):
        return (self.folder / "serve.log").read_text(errors="replace")

    def ask(self, method, path, body=None, headers=None, timeout=300):
        """`path` below /v1, encoded; a dict as body is sent as JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        sent = {**({"Authorization": f"Bearer {self.token}"} if self.token else {}),
                **(headers or {})}
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, "/v1" + path, body, sent)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def good(self, method, path, body=None, headers=None):
        answer = self.ask(method, path, body, headers)
        assert answer.status in (200, 204), f"{method} {path}: {answer}"
        return answer.json if answer.text else None

    def bad(self, method, path, body=None, headers=None):
        """(status, type) of an error in the vendor's form."""
        answer = self.ask(method, path, body, headers)
        assert answer.status >= 400, f"{method} {path}: {answer}"
        error = answer.json["error"]
        assert error["code"] == answer.status and error["message"]
        return answer.status, error["type"]

    def sign_in(self, client, secret):
        form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": client,
                                       "client_secret": secret})
        answer = self.ask("POST", "/oauth/tokens", form,
                          {"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status == 200, answer
        self.token = answer.json["access_token"]
        return self.token

    # What most tests need.
    def make_namespace(self, *levels):
        return self.good("POST", "/namespaces", {"namespace": list(levels)})

    def make_table(self, ns, name, **more):
        return self.good("POST", f"/namespaces/{quoted(ns)}/tables",
                         {"name": name, "schema": SCHEMA, **more})

    def table(self, ns, name):
        return self.good("GET", table_path(ns, name))

    def set_property(self, ns, name, key, value, headers=None, requirements=()):
        return self.ask("POST", table_path(ns, name),
                        {"requirements": list(requirements),
                         "updates": [{"action": "set-properties", "updates": {key: value}}]},
                        headers)


SCHEMA = {"type": "struct", "schema-id": 0, "fields": [
    {"id": 1, "name": "id", "required": True, "type": "long"},
    {"id": 2, "name": "data", "required": False, "type": "string"}]}


def quoted(ns):
    levels = [ns] if isinstance(ns, str) else ns
    return urllib.parse.quote("\x1f".join(levels), safe="")


def table_path(ns, name):
    return f"/namespaces/{quoted(ns)}/tables/{urllib.parse.quote(name, safe='')}"


def snapshot(number, parent=None, ident=None):
    """Updates that add a snapshot without files and make it main."""
    ident = ident or 1000 + number
    body = {"snapshot-id": ident, "sequence-number": number, "timestamp-ms": int(time.time() * 1000),
            "manifest-list": f"file:///nowhere/{ident}.avro", "summary": {"operation": "append"},
            "schema-id": 0}
    if parent is not None:
        body["parent-snapshot-id"] = parent
    return [{"action": "add-snapshot", "snapshot": body},
            {"action": "set-snapshot-ref", "ref-name": "main", "type": "branch",
             "snapshot-id": ident}]
