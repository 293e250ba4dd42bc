"""A project whose objects are exported incrementally, and an org whose clock a test moves.

Signing in by client credentials does not depend on the clock, so that days can pass in an instant.
"""

import json

from support.firn import Project

RULE = """\
  - name: {name}
    mode: incremental
    lag: {lag}
    overlap: {overlap}
"""


class IncrementalProject(Project):
    def __init__(self, folder, sandbox, objects, lag="60s", overlap="10m", more=None):
        super().__init__(folder, sandbox)
        self.sandbox = sandbox
        apps = json.loads((sandbox.folder / "apps.json").read_text())
        app = apps["apps"][0] if isinstance(apps, dict) else apps[0]
        rules = "".join(RULE.format(name=name, lag=lag, overlap=overlap) +
                        "".join(f"    {line}\n" for line in (more or {}).get(name, ()))
                        for name in objects)
        (self.folder / "firn.yaml").write_text(f"""\
name: tests
orgs:
  - id: {self.org}
    login_url: {sandbox.url}
    auth:
      flow: client_credentials
      client_id: {app["client_id"]}
      client_secret: ${{env:TEST_CLIENT_SECRET}}
    api_version: "62.0"
lake:
  warehouse: lake
  namespace: salesforce
state:
  folder: .firn
objects:
{rules}""")
        self.environment = {"TEST_CLIENT_SECRET": app["client_secret"]}

    def firn(self, *words, **more):
        return super().firn(*words, **{**self.environment, **more})

    def follow(self, *words, **more):
        """A run in the mode of firn.yaml; answers its report."""
        done = self.export(*words, **more)
        assert done.code == 0, done
        return self.report()

    def object_report(self, name, *words):
        report = self.follow(name, *words)
        return next(entry for entry in report["objects"] if entry["object"] == name)

    def deep(self, name, *words):
        done = self.firn("export", "verify", "--deep", "--object", name, "--json", *words)
        assert done.code in (0, 1), done
        return done.json()["objects"][0]

    def assert_equal(self, name):
        """The table holds what the org holds, row by row, nothing left to explain."""
        outcome = self.deep(name)
        assert outcome["missing"] == outcome["extra"] == outcome["differs"] == 0, outcome
        return outcome


def let_pass(sandbox, seconds):
    """The org's clock goes forward."""
    sandbox.ask("POST", "clock", {"advance_seconds": seconds})
