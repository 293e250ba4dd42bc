"""An empty sandbox org of the built firn, for the benchmarks beside this file, and what its process costs."""
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIRN = os.environ.get("FIRN_BIN", str(ROOT / "build" / "release" / "bin" / "firn"))
START_SECONDS_MAX = 60
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


class Org:
    def __init__(self, folder):
        self.folder = folder
        ready = folder / "ready.json"
        self.process = subprocess.Popen(
            [FIRN, "sandbox", "up", "--folder", str(folder / "org"), "--scale", "0", "--no-tls",
             "--ready-file", str(ready)], stdout=subprocess.DEVNULL)
        end = time.monotonic() + START_SECONDS_MAX
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit("the sandbox did not start")
            time.sleep(0.02)
        self.facts = json.loads(ready.read_text())
        self.url = self.facts["http_url"]
        secret = json.loads((folder / "org" / "apps.json").read_text())["apps"][0]["client_secret"]
        answer = self.call("POST", "/services/oauth2/token", form=(
            f"grant_type=client_credentials&client_id={self.facts['client_id']}&client_secret={secret}"))
        self.token = json.loads(answer.read())["access_token"]

    def call(self, method, path, body=None, form=None):
        data = form.encode() if form else json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, method=method, data=data)
        if form is None:
            request.add_header("Content-Type", "application/json")
            request.add_header("Authorization", "Bearer " + getattr(self, "token", ""))
        return urllib.request.urlopen(request, timeout=600)

    def json(self, method, path, body=None):
        return json.loads(self.call(method, path, body).read())
