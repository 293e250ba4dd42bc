"""A sandbox org for tests of outside clients: `with running(folder) as facts`."""
import contextlib
import json
import os
import subprocess
import time

FIRN = os.environ["FIRN_BIN"]
START_SECONDS_MAX = 180


@contextlib.contextmanager
def running(folder, *arguments):
    """Starts `firn sandbox up` on folder/org and yields the facts of its ready file, with the first
    app's secret; stops it at the end."""
    ready = folder / "ready.json"
    with open(folder / "out.txt", "wb") as log:
        process = subprocess.Popen(
            [FIRN, "sandbox", "up", "--folder", str(folder / "org"), "--ready-file", str(ready),
             *arguments], stdout=log, stderr=log)
        try:
            end = time.monotonic() + START_SECONDS_MAX
            while not ready.exists():
                assert process.poll() is None and time.monotonic() < end, (
                    folder / "out.txt").read_text()
                time.sleep(0.05)
            facts = json.loads(ready.read_text())
            apps = json.loads((folder / "org" / "apps.json").read_text())
            facts["client_secret"] = apps["apps"][0]["client_secret"]
            yield facts
        finally:
            process.terminate()
            process.wait(120)
