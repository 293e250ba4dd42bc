"""Events through rules into topics of a real broker, read back by a client that is not ours."""
import json
import pathlib

import confluent_kafka
import pytest
from kafka.partitioner.default import murmur2

from support.kafka import PASSWORD, Broker, broker, cluster, project, target, topic  # noqa: F401
from support.rules import change

RECORDS = [f"00600000000000{n}AAA" for n in range(5)]


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    with Broker(tmp_path_factory.mktemp("kafka-3"), jars="kafka-3") as running:
        yield running


def put_all(project, events):
    done = project.put(events, "--wait", "5m")
    assert done.code == 0, (done, project.letters())
    assert done.json()["delivered"] == done.json()["deliveries"] > 0, done


def test_a_topic_gets_what_the_rule_makes_with_key_and_headers(project, broker, topic):
    cluster(project, broker)
    project.rule("all", [target(topic, InputPath="$.detail.payload",
                                parameters={"Headers": {"type": "$.detail-type", "of": "{$.id}/{$.account}",
                                                        "none": "$.detail.nothing"}})])
    event = change(1, Name='Zoë "Q" \u2028', Amount=0.1)
    put_all(project, [event])
    [record] = broker.read(topic)
    assert json.loads(record.value) == event["detail"]["payload"]
    assert record.key == b"006000000000001AAA"
    headers = dict(record.headers)
    assert headers["type"] == b"OpportunityChangeEvent" and headers["of"] == f'{event["id"]}/123456789012'.encode()
    assert set(headers) == {"type", "of", "firn-delivery-id"}, "a header that finds nothing is left out"


def test_events_of_a_key_keep_their_order_in_the_partition_of_the_java_client(project, broker, topic):
    cluster(project, broker)
    project.rule("all", [target(topic, InputPath="$.detail.payload.n")])
    put_all(project, [change(n, record=RECORDS[n % 5], n=n) for n in range(60)])
    records = broker.read(topic)
    assert sorted(int(record.value) for record in records) == list(range(60))
    for key in RECORDS:
        mine = [record for record in records if record.key == key.encode()]
        assert [int(record.value) for record in mine] == sorted(int(record.value) for record in mine)
        assert {record.partition for record in mine} == {(murmur2(key.encode()) & 0x7FFFFFFF) % 3}


def test_topic_and_key_come_from_the_event(project, broker):
    for name in ("sf.Opportunity", "sf.Account"):
        broker.topic(name)
    cluster(project, broker)
    project.rule("all", [target("sf.{$.detail.payload.ChangeEventHeader.entityName}", InputPath="$.detail.payload.n",
                                parameters={"Key": "{$.detail.payload.Region}-{$.detail.payload.n}"})],
                 {"detail": {"payload": {"Region": [{"exists": True}]}}})
    put_all(project, [change(1, n=1, Region="EU"), change(2, entity="Account", n=2, Region="US")])
    assert [(r.key, r.value) for r in broker.read("sf.Opportunity")] == [(b"EU-1", b"1")]
    assert [(r.key, r.value) for r in broker.read("sf.Account")] == [(b"US-2", b"2")]


@pytest.mark.parametrize("compression", ["none", "gzip", "lz4", "zstd", "snappy"])
def test_every_compression_is_read_by_others(project, broker, topic, compression):
    cluster(project, broker, Compression=compression)
    project.rule("all", [target(topic)])
    events = [change(n, record=f"{n:015d}AAA", text="a" * 500) for n in range(50)]
    put_all(project, events)
    read = sorted((json.loads(record.value) for record in broker.read(topic)), key=lambda event: event["id"])
    assert read == events


@pytest.mark.parametrize("door,mechanism", [("sasl", "PLAIN"), ("sasltls", "PLAIN"), ("tls", None)])
def test_every_sign_in_and_tls(project, broker, topic, door, mechanism):
    cluster(project, broker, door, **({"SaslMechanism": mechanism} if mechanism else {}))
    project.rule("all", [target(topic, InputPath="$.detail.payload.n")])
    put_all(project, [change(1, n=1)])
    assert [record.value for record in broker.read(topic)] == [b"1"]


@pytest.mark.parametrize("door,mechanism", [("sasl", "SCRAM-SHA-512"), ("sasltls", "SCRAM-SHA-256"), ("sasl", "PLAIN")])
def test_sign_ins_to_a_broker_before_kafka_4(project, older, door, mechanism):
    topic = older.topic(f"older.{door}.{mechanism}")
    cluster(project, older, door, SaslMechanism=mechanism)
    project.rule("all", [target(topic, InputPath="$.detail.payload.n")])
    put_all(project, [change(1, n=1)])
    assert [record.value for record in older.read(topic)] == [b"1"]


@pytest.mark.parametrize("locked", [False, True])
def test_a_cluster_that_asks_for_a_certificate_gets_the_clients(project, broker, topic, locked):
    key, locked_key, certificate = broker.client
    more = {"Key": f"${{file:{locked_key if locked else key}}}", "CertificateFile": str(certificate)}
    if locked:
        project.environment["KAFKA_KEY_PASSWORD"] = PASSWORD
        more["KeyPassword"] = "${env:KAFKA_KEY_PASSWORD}"
    cluster(project, broker, "mutual", **more)
    project.rule("all", [target(topic, InputPath="$.detail.payload.n")])
    put_all(project, [change(1, n=1)])
    assert [record.value for record in broker.read(topic)] == [b"1"]


@pytest.mark.parametrize("door,mechanism", [("sasl", "SCRAM-SHA-512"), ("sasltls", "SCRAM-SHA-256")])
def test_scram_to_kafka_4_works_with_a_newer_library_beside(project, broker, tmp_path, door, mechanism):
    """Debian's library cannot; a newer one takes its place where the loader finds it first."""
    [newer] = pathlib.Path(confluent_kafka.__file__).parent.with_name("confluent_kafka.libs").glob("librdkafka-*.so.1")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/librdkafka.so.1").symlink_to(newer)
    topic = broker.topic(f"newer.{door}.{mechanism}")
    cluster(project, broker, door, SaslMechanism=mechanism)
    project.rule("all", [target(topic, InputPath="$.detail.payload.n")])
    refused = project.put([change(1, n=1)])
    assert refused.code == 1 and refused.json()["dead"] == 1, refused
    [letter] = project.letters()
    shown = project.firn("events", "dlq", "show", letter["letter"]).out
    assert "KAFKA-AUTH-001" in shown and "librdkafka before 2.6.1, and this is 2.0.2" in shown, shown
    project.environment["LD_LIBRARY_PATH"] = str(tmp_path / "lib")
    assert project.firn("events", "dlq", "redrive", "--all").code == 0
    assert project.put([], "--wait", "5m").json()["delivered"] == 1
    assert [record.value for record in broker.read(topic)] == [b"1"]


def test_a_replayed_file_is_delivered_once(project, broker, topic):
    cluster(project, broker)
    project.rule("all", [target(topic, InputPath="$.detail.payload.n")])
    events = [change(n, n=n) for n in range(10)]
    put_all(project, events)
    again = project.put(events)
    assert again.code == 0 and again.json()["duplicates"] == 10, again
    assert len(broker.read(topic)) == 10
