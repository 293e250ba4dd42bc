"""A project whose tables follow the change events of a sandbox org, and what a test asks of it."""

import contextlib
import gzip
import json
import pathlib
import sqlite3
import subprocess

from support.firn import Project, firn_environment, firn_path


class EventsProject(Project):
    """Exports its objects, then follows them."""

    # Formula fields send no events.
    FORMULAS = {"Account": "RevenuePerEmployee__c"}

    @staticmethod
    def without(formulas, name):
        return f"    exclude: [{formulas[name]}]\n" if name in formulas else ""

    def __init__(self, folder, sandbox, objects, more="", formulas=None):
        super().__init__(folder, sandbox)
        self.sandbox = sandbox
        self.objects = list(objects)
        # A stream that is idle gives a sign of life at once, by which it is known to have all.
        sandbox.ask("POST", "events", {"keepalive_ms": 100})
        path = self.folder / "firn.yaml"
        formulas = self.FORMULAS if formulas is None else formulas
        rules = "".join(f"  - name: {name}\n    mode: incremental\n    lag: 0s\n" + self.without(formulas, name)
                        for name in self.objects)
        path.write_text(path.read_text() + "objects:\n" + rules + more)

    def start(self):
        exported = self.export(*self.objects)
        assert exported.code == 0, exported
        return self

    def follow(self, *words, commit_every="100ms", **more):
        """Until all that happened is in the tables; answers the last report of each topic."""
        done = self.firn("events", "follow", "--until-caught-up", "--json", "--commit-every",
                         commit_every, "--lease", "1s", *words, **more)
        assert done.code == 0, done
        return self.reports(done.out)

    @staticmethod
    def reports(out):
        lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
        return {line["topic"]: line for line in lines if "topic" in line}

    def start_following(self, *words, lease="1s", **environment):
        """A follower in the background."""
        return subprocess.Popen(
            [firn_path(), "events", "follow", "--json", "--commit-every", "100ms", "--lease", lease,
             *words], cwd=self.folder, env=firn_environment(**environment),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def metadata(self, name):
        """The metadata of a table that the catalog names, as the format's own JSON: a file that is being
        written beside it is none yet."""
        catalog = sqlite3.connect(f"file:{self.folder}/lake/catalog.db?mode=ro", uri=True, timeout=30)
        with contextlib.closing(catalog):
            [(location,)] = catalog.execute(
                "SELECT metadata_location FROM iceberg_tables WHERE table_name = ?", (name,)).fetchall()
        data = pathlib.Path(location.removeprefix("file://")).read_bytes()
        return json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)

    def events_in(self, name, topic="/data/ChangeEvents"):
        """How many events of a topic a table says it took, in all."""
        snapshots = sorted(self.metadata(name)["snapshots"], key=lambda s: -s["sequence-number"])
        for snapshot in snapshots:
            if mark := snapshot["summary"].get("firn.checkpoint.cdc:" + topic):
                return json.loads(mark)["events"]
        return 0

    def deep(self, name):
        done = self.firn("export", "verify", "--deep", "--object", name, "--json")
        assert done.code in (0, 1), done
        return done.json()["objects"][0]

    def assert_equal(self, name):
        """The table holds what the org holds, row by row and field by field."""
        outcome = self.deep(name)
        assert outcome["missing"] == outcome["extra"] == outcome["differs"] == 0, outcome
