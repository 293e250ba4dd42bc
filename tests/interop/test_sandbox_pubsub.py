"""The Pub/Sub API against a Python client made of the contract: schemas, bitmaps, replay, faults.

What could go wrong in production: a client reads another field than the one that changed, takes up a
stream at the wrong event after a restart, or waits for ever on a stream that is dead.
"""

import json
import signal
import time
import urllib.request

import grpc
import pytest

from support.firn import Sandbox, firn
from support.pubsub import PubSub, code_of

CUSTOM, EARLIEST = 2, 1
ACCOUNTS = "/data/AccountChangeEvent"
ORDERS = "/event/Order_Event__e"
ORDER = {"CreatedDate": 1795488962000, "CreatedById": "005000000000001"}


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("pubsub")) as sandbox:
        admin(sandbox, "POST", "events", {"keepalive_ms": 100})  # see Stream.placed
        yield sandbox


@pytest.fixture
def client(org):
    with PubSub(org) as signed_in:
        yield signed_in


def admin(org, method, path, body=None):
    request = urllib.request.Request(org.url + "/sandbox/" + path, method=method,
                                     data=json.dumps(body).encode() if body is not None else None)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
        return json.loads(text) if text else None


@pytest.fixture
def settings(org):
    """Changes event settings and puts back what was."""
    before = admin(org, "GET", "events")
    yield lambda **changed: admin(org, "POST", "events", changed)
    admin(org, "POST", "events", {key: before[key] for key in (
        "selected", "entities_max", "channels", "managed", "fetch_timeout_ms", "keepalive_ms",
        "publish_timeout_ms")})
    admin(org, "DELETE", "faults")


def test_topics_and_schemas(client):
    info = client.topic(ACCOUNTS)
    assert info.can_subscribe and not info.can_publish
    schema = client.schema(info.schema_id)
    assert schema["name"] == "AccountChangeEvent" and schema["namespace"] == "com.sforce.eventbus"
    assert schema["fields"][0]["name"] == "ChangeEventHeader"
    assert client.topic(ORDERS).can_publish
    assert client.topic("/data/ChangeEvents").schema_id == ""


def test_ports_and_settings_are_shown(org):
    status = firn("sandbox", "status", "--folder", org.folder, "--json").json()
    assert status["pubsub_endpoint"] == org.facts["pubsub_endpoint"]
    events = firn("sandbox", "events", "--folder", org.folder, "--json").json()
    assert {ACCOUNTS, ORDERS, "/data/ChangeEvents"} <= set(events["topics"])


def test_life_of_a_record(client):
    with client.subscribe(ACCOUNTS, replay_preset=EARLIEST) as stream:
        account = client.create("Account", Name="Acme", BillingCity="Oslo", NumberOfEmployees=7)
        client.update("Account", account, Fax="12", BillingCity=None, BillingStreet="Storgata 1")
        client.delete("Account", account)
        created, updated, deleted = stream.events(3)
    assert created.header["changeType"] == "CREATE" and created.header["changedFields"] == []
    assert created.values["Name"] == "Acme" and created.values["BillingAddress"]["City"] == "Oslo"
    assert created.header["recordIds"] == [account] and created.header["entityName"] == "Account"
    assert created.header["changeOrigin"] == "com/salesforce/api/rest/60.0"
    assert set(updated.header["changedFields"]) == {
        "Fax", "LastModifiedDate", "BillingAddress.City", "BillingAddress.Street"}
    assert updated.header["nulledFields"] == ["BillingAddress.City"]
    assert set(updated.values) == {"Fax", "LastModifiedDate", "BillingAddress"}
    assert deleted.header["changeType"] == "DELETE" and deleted.values == {}
    keys = [event.header["transactionKey"] for event in (created, updated, deleted)]
    numbers = [event.header["commitNumber"] for event in (created, updated, deleted)]
    assert len(set(keys)) == 3 and numbers == sorted(set(numbers))
    assert all(len(event.replay_id) == 8 for event in (created, updated, deleted))


def test_names_of_persons_are_compound(client):
    with client.subscribe("/data/ContactChangeEvent") as stream:
        stream.placed()
        contact = client.create("Contact", FirstName="Ada", LastName="Byron")
        client.update("Contact", contact, LastName="Lovelace")
        created, updated = stream.events(2)
    assert created.values["Name"]["FirstName"] == "Ada"
    assert "Name.LastName" in updated.header["changedFields"]
    assert updated.values["Name"] == {**dict.fromkeys(created.values["Name"]), "LastName": "Lovelace"}


def test_long_text_comes_as_a_diff(client):
    text = "".join(f"line {i} of a description that is long enough\n" for i in range(60))
    account = client.create("Account", Name="Long", Description=text)
    with client.subscribe(ACCOUNTS) as stream:
        stream.placed()
        client.update("Account", account, Description=text.replace("line 30 of", "line thirty of"))
        (event,) = stream.events(1)
    assert event.header["diffFields"] == ["Description"]
    lines = event.values["Description"].split("\n")
    assert lines[0] == "--- " and lines[1].startswith("+++ ") and lines[2] == "@@ -31,1 +31,1 @@"


def test_platform_events_by_grpc_and_by_rest(client):
    with client.subscribe(ORDERS) as stream:
        stream.placed()
        answer = client.publish(ORDERS, {**ORDER, "Order_Number__c": "A-1"},
                                {**ORDER, "Order_Number__c": "A-2", "Amount__c": 12.5})
        client.create("Order_Event__e", Order_Number__c="A-3", Has_Shipped__c=True)
        events = stream.events(3)
    assert [event.fields["Order_Number__c"] for event in events] == ["A-1", "A-2", "A-3"]
    assert events[1].fields["Amount__c"] == 12.5 and events[2].fields["Has_Shipped__c"] is True
    assert [result.replay_id for result in answer.results] == [e.replay_id for e in events[:2]]
    assert len({result.correlation_key for result in answer.results}) == 2


def test_publish_stream_answers_each_request(client):
    schema_id = client.topic(ORDERS).schema_id
    good = client.pb.ProducerEvent(id="k1", schema_id=schema_id, payload=b"\x02\x02x" + b"\x00" * 6)
    bad = client.pb.ProducerEvent(id="k2", schema_id=schema_id, payload=b"\x02")
    requests = [client.pb.PublishRequest(topic_name=ORDERS, events=[good, bad]),
                client.pb.PublishRequest(events=[good])]
    first, second = client.stub.PublishStream(iter(requests), metadata=client.metadata)
    assert [r.correlation_key for r in first.results] == ["k1", "k2"]
    assert first.results[0].replay_id and first.results[1].error.code == client.pb.PUBLISH
    assert second.results[0].replay_id > first.results[0].replay_id


def test_replay_and_credits(client):
    client.publish(ORDERS, *[{**ORDER, "Order_Number__c": f"R-{i}"} for i in range(10)])
    with client.subscribe(ORDERS, 3, replay_preset=EARLIEST) as stream:
        first = stream.events(3)
        stream.fetch(100)
        behind = stream.events(5)
    with client.subscribe(ORDERS, 1, replay_preset=CUSTOM, replay_id=first[-1].replay_id) as stream:
        response = stream.response()
    assert response.events[0].replay_id == behind[0].replay_id
    assert response.pending_num_requested == 0
    assert response.latest_replay_id == behind[0].replay_id


@pytest.mark.parametrize(("first", "status", "code"), [
    ({"topic": "/data/NoneChangeEvent"}, "NOT_FOUND", "topic.not.found"),
    ({"requested": 0}, "INVALID_ARGUMENT", "subscription.fetch.requested.events.invalid"),
    ({"replay_preset": CUSTOM}, "INVALID_ARGUMENT",
     "subscription.fetch.replayid.validation.failed"),
    ({"replay_preset": CUSTOM, "replay_id": b"\x00" * 8}, "INVALID_ARGUMENT",
     "subscription.fetch.replayid.corrupted"),
])
def test_refusals_carry_the_vendors_codes(client, first, status, code):
    with client.subscribe(**{"topic": ORDERS, **first}) as stream:
        error = stream.ended()
    assert (error.code().name, code_of(error)) == (status, code)


def test_another_topic_later_is_refused(client):
    with client.subscribe(ORDERS) as stream:
        stream.fetch(1, topic_name=ACCOUNTS)
        assert code_of(stream.ended()) == "subscription.fetch.topic.mismatch"


@pytest.mark.parametrize(("metadata", "code"), [
    ({"accesstoken": "00D!x"}, "service.auth.error"),
    ({"tenantid": "00D000000000001"}, "service.auth.error"),
    ({"tenantid": ""}, "service.auth.headers.invalid"),
])
def test_callers_without_a_session_are_refused(client, metadata, code):
    client.metadata = tuple({**dict(client.metadata), **metadata}.items())
    with pytest.raises(grpc.RpcError) as error:
        client.topic(ACCOUNTS)
    assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED
    assert code_of(error.value) == code


def test_tls_with_the_vendors_host_name(tmp_path):
    with Sandbox(tmp_path / "tls", tls=True) as org, PubSub(org) as client:
        authority = open(org.facts["ca_file"], "rb").read()
        channel = grpc.secure_channel(
            org.facts["pubsub_tls_endpoint"], grpc.ssl_channel_credentials(authority),
            options=(("grpc.ssl_target_name_override", "api.pubsub.salesforce.com"),))
        proxied = grpc.secure_channel(
            "api.pubsub.salesforce.com:7443", grpc.ssl_channel_credentials(authority),
            options=(("grpc.http_proxy", org.facts["proxy_url"]),))
        for each in (channel, proxied):
            client.stub = type(client.stub)(each)
            assert client.topic(ACCOUNTS).topic_name == ACCOUNTS
            each.close()


def test_keepalive_and_the_end_of_an_idle_stream(client, settings):
    settings(keepalive_ms=200, fetch_timeout_ms=3000)
    client.publish(ORDERS, ORDER)
    with client.subscribe(ORDERS, 1, replay_preset=EARLIEST) as stream:
        (event,) = stream.events(1)
        alive = stream.response()
        assert not alive.events and alive.latest_replay_id == event.replay_id
        assert stream.ended().code() == grpc.StatusCode.UNAVAILABLE


def test_custom_channels(client, settings):
    settings(channels={"Sales__chn": ["Account", "Widget__c"]})
    with client.subscribe("/data/Sales__chn") as stream:
        stream.placed()
        client.create("Widget__c")
        client.create("Account", Name="In both")
        assert [e.header["entityName"] for e in stream.events(2)] == ["Widget__c", "Account"]


def tooling(client, kind, full_name, **metadata):
    """Makes a record of the Tooling API, as clients do that set up their own channels."""
    return client.rest("POST", f"/tooling/sobjects/{kind}", {"FullName": full_name, "Metadata": metadata})["id"]


def test_a_channel_made_by_the_tooling_api_carries_its_members(client, settings):
    tooling(client, "PlatformEventChannel", "Tools__chn", channelType="data", label="Tools")
    for entity in ("AccountChangeEvent", "Widget__ChangeEvent"):
        tooling(client, "PlatformEventChannelMember", f"Tools_{entity.replace('__', '_')}",
                eventChannel="Tools__chn", selectedEntity=entity)
    with client.subscribe("/data/Tools__chn") as stream:
        stream.placed()
        client.create("Account", Name="Tooled")
        client.create("Widget__c")
        entities = [event.header["entityName"] for event in stream.events(2)]
    assert entities == ["Account", "Widget__c"]


def test_a_member_of_a_channel_enriches_and_filters_its_events(client, settings):
    tooling(client, "PlatformEventChannel", "Rich__chn", channelType="data", label="Rich")
    tooling(client, "PlatformEventChannelMember", "Rich_AccountChangeEvent", eventChannel="Rich__chn",
            selectedEntity="AccountChangeEvent", filterExpression="Name LIKE 'Rich%'",
            enrichedFields=[{"name": "Industry"}, {"name": "BillingAddress"}])
    with client.subscribe("/data/Rich__chn") as rich, client.subscribe("/data/ChangeEvents") as all_of:
        rich.placed()
        all_of.placed()
        client.create("Account", Name="Poor", Industry="Energy")
        account = client.create("Account", Name="Rich", Industry="Energy", BillingCity="Oslo", Phone="1")
        client.update("Account", account, Fax="12")
        client.delete("Account", account)
        created, updated, deleted = rich.events(3)
        plain = all_of.events(4)[2]
    assert created.values["Name"] == "Rich"
    assert set(updated.header["changedFields"]) == {"Fax", "LastModifiedDate"}
    assert set(updated.values) == {"Fax", "LastModifiedDate", "Name", "Industry", "BillingAddress"}
    assert updated.values["BillingAddress"]["City"] == "Oslo"
    assert deleted.header["changeType"] == "DELETE" and deleted.values["Industry"] == "Energy"
    assert set(plain.values) == {"Fax", "LastModifiedDate"} and plain.replay_id == updated.replay_id


def test_a_managed_subscription_made_by_the_tooling_api_is_taken_up_by_its_id(client, settings):
    made = tooling(client, "ManagedEventSubscription", "Tooled", label="Tooled", topicName=ORDERS,
                   defaultReplay="EARLIEST", errorRecoveryReplay="EARLIEST", state="RUN")
    client.publish(ORDERS, {**ORDER, "Order_Number__c": "T-1"})
    wish = client.pb.ManagedFetchRequest(subscription_id=made, num_requested=1)
    call = client.stub.ManagedSubscribe(iter([wish]), metadata=client.metadata, timeout=60)
    assert next(call).events
    call.cancel()


def test_gap_events_hold_the_header_only(org, client, settings):
    admin(org, "POST", "events/gap", {"object": "Account", "changes": 1})
    with client.subscribe(ACCOUNTS) as stream:
        stream.placed()
        account = client.create("Account", Name="Gap")
        (event,) = stream.events(1)
    assert event.header["changeType"] == "GAP_CREATE" and event.header["recordIds"] == [account]
    assert event.values == {}


def test_logins_and_queries_are_told(client):
    with client.subscribe("/event/ApiEventStream") as stream:
        stream.placed()
        client.rest("GET", "/query?q=SELECT+Id+FROM+Account+LIMIT+1")
        (event,) = stream.events(1)
    assert event.fields["Query"] == "SELECT Id FROM Account LIMIT 1"
    assert event.fields["QueriedEntities"] == "Account"
    with client.subscribe("/event/LoginEventStream", replay_preset=EARLIEST) as stream:
        assert stream.events(1)[0].fields["Status"] == "Success"


def test_managed_subscription_goes_on_where_it_committed(client, settings):
    settings(managed=[{"developer_name": "Orders", "topic": ORDERS, "from_earliest": True}])
    client.publish(ORDERS, *[{**ORDER, "Order_Number__c": f"M-{i}"} for i in range(3)])
    pb = client.pb

    def run(*requests):
        import queue
        waiting = queue.Queue()
        for request in requests:
            waiting.put(request)
        return waiting, client.stub.ManagedSubscribe(iter(waiting.get, None),
                                                     metadata=client.metadata, timeout=300)

    waiting, call = run(pb.ManagedFetchRequest(developer_name="Orders", num_requested=2))
    second = next(call).events[1]
    waiting.put(pb.ManagedFetchRequest(commit_replay_id_request=pb.CommitReplayRequest(
        commit_request_id="c1", replay_id=second.replay_id)))
    committed = next(call).commit_response
    assert committed.commit_request_id == "c1" and committed.error.msg == ""
    _, rival = run(pb.ManagedFetchRequest(developer_name="Orders", num_requested=1))
    with pytest.raises(grpc.RpcError) as error:
        next(rival)
    assert code_of(error.value) == "managed.subscription.already.active"
    assert error.value.code() == grpc.StatusCode.ALREADY_EXISTS
    waiting.put(None)
    call.cancel()
    until = time.monotonic() + 300
    while True:
        waiting, call = run(pb.ManagedFetchRequest(developer_name="Orders", num_requested=1))
        try:
            third = next(call).events[0]
            break
        except grpc.RpcError as error:
            assert code_of(error) == "managed.subscription.already.active"
            assert time.monotonic() < until
    assert third.replay_id > second.replay_id
    waiting.put(None)
    call.cancel()


def test_faults_of_streams(org, client, settings):
    client.publish(ORDERS, *[ORDER] * 3)
    path = "/eventbus.v1.PubSub/Subscribe*"
    admin(org, "POST", "faults", {"effect": "stream_reset", "path": path, "events": 2, "times": 1})
    with client.subscribe(ORDERS, replay_preset=EARLIEST) as stream:
        newest = stream.events(2)[-1].replay_id
        assert stream.ended().code() == grpc.StatusCode.CANCELLED
    admin(org, "POST", "faults", {"effect": "replay_refused", "path": path, "times": 1})
    with client.subscribe(ORDERS, replay_preset=CUSTOM, replay_id=newest) as stream:
        assert code_of(stream.ended()) == "subscription.fetch.replayid.corrupted"
    admin(org, "POST", "faults", {"effect": "bad_event", "path": path, "events": 0, "times": 1})
    with client.subscribe(ORDERS, replay_preset=CUSTOM, replay_id=newest) as stream:
        assert stream.response().events[0].event.payload == b"\xff" * 12
    admin(org, "POST", "faults", {"effect": "status", "path": path, "times": 1})
    with client.subscribe(ORDERS) as stream:
        error = stream.ended()
        assert error.code() == grpc.StatusCode.UNAVAILABLE
        assert code_of(error) == "service.unavailable"


def test_a_migrated_org_knows_no_old_replay_id(org, client, settings):
    client.publish(ORDERS, ORDER)
    with client.subscribe(ORDERS, 1, replay_preset=EARLIEST) as stream:
        (event,) = stream.events(1)
    admin(org, "POST", "faults", {"effect": "migrate_org",
                                  "path": "/eventbus.v1.PubSub/GetTopic*", "times": 1})
    client.topic(ORDERS)
    with client.subscribe(ORDERS, replay_preset=CUSTOM, replay_id=event.replay_id) as stream:
        assert code_of(stream.ended()) == "subscription.fetch.replayid.corrupted"


def test_kill_loses_no_event_of_an_answered_change(tmp_path):
    folder = tmp_path / "killed"
    with Sandbox(folder) as org, PubSub(org) as client:
        accounts = [client.create("Account", Name=f"K {i}") for i in range(20)]
        with client.subscribe(ACCOUNTS, 5, replay_preset=EARLIEST) as stream:
            seen = stream.events(5)
        org.process.send_signal(signal.SIGKILL)
        org.process.wait()
    with Sandbox(folder) as org, PubSub(org) as client:
        with client.subscribe(ACCOUNTS, replay_preset=CUSTOM,
                              replay_id=seen[-1].replay_id) as stream:
            rest = stream.events(15)
    told = [event.header["recordIds"][0] for event in seen + rest]
    assert told == accounts


def test_delivery_is_counted_and_limited(org, client, settings):
    admin(org, "POST", "limits", {"delivered_events": {"max": 2, "used": 0}})
    try:
        client.publish(ORDERS, *[ORDER] * 3)
        with client.subscribe(ORDERS, replay_preset=EARLIEST) as stream:
            assert len(stream.events(2)) == 2
            assert code_of(stream.ended()) == "subscription.limit.exceeded"
        left = client.rest("GET", "/limits")["DailyDeliveredPlatformEvents"]
        assert left == {"Max": 2, "Remaining": 0}
    finally:
        admin(org, "POST", "limits", {"delivered_events": {"max": 1025000, "used": 0}})
