"""The Singer tap for Salesforce by REST and by Bulk API v1, an outside client, through the CONNECT proxy.

What could go wrong in production: a pipeline that hard-codes login.salesforce.com cannot reach the
sandbox, or reads another number of rows than the org has.
"""
import json
import os
import pathlib
import subprocess

import pytest
import requests

from support.sandbox import running

TAP = pathlib.Path(os.environ["FIRN_SOURCE_DIR"]) / ".deps/tap-venv/bin/tap-salesforce"
STREAMS = ("Account", "Contact", "Opportunity")


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with running(tmp_path_factory.mktemp("org"), "--scale", "0.05") as facts:
        yield facts


@pytest.fixture(scope="module", params=["REST", "BULK"])
def tap(request, org, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tap")
    made = requests.post(f"{org['http_url']}/sandbox/apps/{org['client_id']}/refresh_tokens", timeout=300)
    assert made.status_code == 201, made.text
    (folder / "config.json").write_text(json.dumps({
        "client_id": org["client_id"], "client_secret": org["client_secret"],
        "refresh_token": made.json()["refresh_token"], "start_date": "2000-01-01T00:00:00Z",
        "api_type": request.param, "select_fields_by_default": True}))
    environment = {**os.environ, "HTTPS_PROXY": org["proxy_url"], "REQUESTS_CA_BUNDLE": org["ca_file"],
                   "NO_PROXY": "", "no_proxy": ""}

    def run(*arguments):
        done = subprocess.run([TAP, "--config", folder / "config.json", *arguments], env=environment,
                              capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    run.folder = folder
    return run


def count(org, soql):
    token = requests.post(org["http_url"] + "/services/oauth2/token",
                          data={"grant_type": "client_credentials"},
                          auth=(org["client_id"], org["client_secret"]), timeout=300).json()["access_token"]
    answer = requests.get(org["http_url"] + "/services/data/v60.0/queryAll", params={"q": soql},
                          headers={"Authorization": "Bearer " + token}, timeout=300)
    return answer.json()["totalSize"]


def test_it_discovers_the_org_and_reads_every_row(org, tap):
    catalog = json.loads(tap("--discover"))
    names = {stream["stream"] for stream in catalog["streams"]}
    assert set(STREAMS) <= names
    catalog["streams"] = [each for each in catalog["streams"] if each["stream"] in STREAMS]
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if entry["breadcrumb"] == []:
                entry["metadata"].update({"selected": True, "replication-key": "SystemModstamp"})
    path = tap.folder / "catalog.json"
    path.write_text(json.dumps(catalog))
    messages = [json.loads(line) for line in tap("--properties", path).splitlines()]
    for name in STREAMS:
        rows = [each["record"] for each in messages
                if each["type"] == "RECORD" and each["stream"] == name]
        assert len(rows) == count(org, f"SELECT COUNT() FROM {name}")
        assert len({row["Id"] for row in rows}) == len(rows)
    state = [each["value"] for each in messages if each["type"] == "STATE"][-1]
    assert set(state["bookmarks"]) == set(STREAMS)
