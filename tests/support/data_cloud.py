"""An org with a Data Cloud made of a script: signs in, exchanges tokens, takes ingestion jobs by the documents
of the Ingestion API, keeps rows by their key, and fails on purpose where a test asks for it."""

import csv
import io
import json
import re
import threading
import urllib.parse

from support.local_http import LocalHttp

KEY = "Id"
STREAMS = re.compile(r"^/api/v1/ingest/sources/([^/?]+)/([^/?]+)(/actions/test)?$")
JOBS = re.compile(r"^/api/v1/ingest/jobs(?:/([^/?]+))?(/batches)?(?:\?(.*))?$")


class DataCloud(LocalHttp):
    """`rows`: by key, as the jobs that were worked on left them. A fault is (method, part of the path, effect):
    a status, `lost` (done, not answered) or `cut` (the connection is closed while the body comes in)."""

    def __init__(self):
        super().__init__()
        self.jobs = {}
        self.rows = {}
        self.faults = []
        self.seen = []
        self.tokens = 0
        self.polls = 1  # of a closed job, until it is worked on
        self.one_open_job = False
        self.reject = None  # message of the job that will fail
        self.requests = []  # bodies of streaming requests that were accepted
        self.checked = []  # bodies that were only to be checked
        self.fields = None  # of the connector's object; None: any
        self.lock = threading.RLock()

    def fault(self, method, part, effect, times=1, after=0):
        self.faults.append([method, part, effect, times, after])

    def effect(self, method, path):
        for fault in self.faults:
            if fault[0] == method and fault[1] in path and fault[3] > 0:
                if fault[4] > 0:
                    fault[4] -= 1
                    continue
                fault[3] -= 1
                return fault[2]
        return None

    def handle(self, request):
        method, path = request.command, request.path
        with self.lock:
            effect = self.effect(method, path)
        length = int(request.headers.get("Content-Length") or 0)
        if effect == "cut":
            request.rfile.read(min(length, 10))
            request.close_connection = True
            return
        body = request.rfile.read(length)
        with self.lock:
            self.seen.append(f"{method} {path}")
            if isinstance(effect, int):
                status, answer = effect, {"error": "made", "message": "made for a test"}
            else:
                status, answer = self.answer(method, path, request.headers, body)
        if effect == "lost":
            request.close_connection = True
            return
        text = b"" if answer is None else json.dumps(answer).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(text)))
        if status == 429:
            request.send_header("Retry-After", "0")
        request.end_headers()
        request.wfile.write(text)

    def answer(self, method, path, headers, body):
        if path.startswith("/services/oauth2/token"):
            return 200, {"access_token": "session", "instance_url": self.url, "token_type": "Bearer",
                         "id": f"{self.url}/id/00D000000000062EAA/005000000000001AAA",
                         "issued_at": "1795000000000"}
        if path == "/services/a360/token":
            form = dict(urllib.parse.parse_qsl(body.decode()))
            assert form["grant_type"] == "urn:salesforce:grant-type:external:cdp", form
            if form["subject_token"] != "session":
                return 400, {"error": "invalid_grant"}
            self.tokens += 1
            return 200, {"access_token": f"cloud-{self.tokens}", "instance_url": self.url,
                         "token_type": "Bearer", "expires_in": 7200}
        if path == "/services/data":
            return 200, [{"label": "x", "url": "/services/data/v66.0", "version": "66.0"}]
        if path.endswith("/limits"):
            return 200, {"DailyApiRequests": {"Max": 15000, "Remaining": 14000}}
        match = JOBS.match(path)
        stream = STREAMS.match(path)
        if not match and not stream:
            return 404, {"error": "Not Found"}
        if headers.get("Authorization") != f"Bearer cloud-{self.tokens}":
            return 401, {"error": "Unauthorized", "message": "the token has expired"}
        return self.stream_call(method, stream, body) if stream else self.job_call(method, match, body)

    def stream_call(self, method, stream, body):
        source, target, check = stream.groups()
        if (source, target) != ("lake", "deal"):
            return 404, {"error": "Not Found", "message": "no such object"}
        if len(body) >= 200_000:
            return 413, {"error": "Payload Too Large"}
        sent = json.loads(body)
        if method == "DELETE":
            assert set(sent) == {"ids"} and len(sent["ids"]) <= 200
            for key in sent["ids"]:
                self.rows.pop(key, None)
        else:
            assert set(sent) == {"data"}
            if self.fields is not None and any(set(row) != self.fields for row in sent["data"]):
                return 400, {"error": "Bad Request", "message": "JSON has a mismatch with Schema.",
                             "internalErrorCode": "COMMON_ERROR_GENERIC", "validationReport": sent["data"][:1]}
            if check:
                self.checked.append(sent)
                return 200, {"accepted": True}
            for row in sent["data"]:
                self.rows[row[KEY]] = row
        self.requests.append(sent)
        return 202, {"accepted": True}

    def job_call(self, method, match, body):
        name, batches, query = match.groups()
        if method == "POST":
            return self.create(json.loads(body))
        if name is None:
            state = dict(urllib.parse.parse_qsl(query or "")).get("states", "")
            return 200, {"data": [self.shown(job) for job in self.jobs.values() if job["state"] in state]}
        job = self.jobs.get(name)
        if job is None:
            return 404, {"error": "Not Found", "message": "no such job"}
        if batches:
            if job["state"] != "Open":
                return 409, {"error": "Conflict", "message": "the job is not open"}
            job["files"].append(body)
            return 202, None
        if method == "PATCH":
            if job["state"] != "Open":
                return 409, {"error": "Conflict", "message": "the job is not open"}
            job["state"] = json.loads(body)["state"]
            if job["state"] == "Aborted":
                job["files"] = []
        elif method == "GET":
            self.work(job)
        elif method == "DELETE":
            del self.jobs[name]
            return 204, None
        return 200, self.shown(job)

    def create(self, wanted):
        same = [job for job in self.jobs.values() if job["object"] == wanted["object"]
                and job["state"] in ("Open", "UploadComplete", "InProgress")]
        if self.one_open_job and same:
            return 409, {"error": "Conflict", "message": "another job of the object is open"}
        name = f"job-{len(self.jobs) + 1}"
        self.jobs[name] = {**wanted, "id": name, "state": "Open", "files": [], "polls": self.polls}
        return 201, self.shown(self.jobs[name])

    def shown(self, job):
        return {**{key: job[key] for key in ("id", "object", "sourceName", "operation", "state")},
                "createdDate": "2099-01-01T00:00:00.000Z", "contentType": "CSV", "apiVersion": "v1",
                **({"errorMessage": job["error"]} if "error" in job else {})}

    def work(self, job):
        if job["state"] != "UploadComplete":
            return
        if job["polls"] > 0:
            job["polls"] -= 1
            return
        if self.reject:
            job["state"], job["error"] = "Failed", self.reject
            return
        for file in job["files"]:
            assert len(file) <= 150_000_000
            text = io.StringIO(file.decode("utf-8"), newline="")
            if job["operation"] == "delete":  # keys without a header
                for row in csv.reader(text):
                    del self.rows[row[0]]
                continue
            for row in csv.DictReader(text):
                self.rows[row[KEY]] = row
        job["state"] = "JobComplete"

    def states(self):
        return [job["state"] for job in self.jobs.values()]


PROJECT = """\
name: publishing
orgs:
  - id: prod
    login_url: {url}
    api_version: "66.0"
    proxy: none
    auth:
      flow: client_credentials
      client_id: 3MVG9.key
      client_secret: ${{env:APP_SECRET}}
lake:
  warehouse: warehouse
state:
  folder: .firn
"""


def write_project(folder, cloud):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "firn.yaml").write_text(PROJECT.format(url=cloud.url))
    return folder
