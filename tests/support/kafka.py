"""A broker of Apache Kafka (KRaft, one process) with doors for each kind of sign-in, and a reader of its topics that
shares nothing with firn's client: kafka-python.

Ports lie below those that the system hands out by itself, so that a broker that is started again finds its own free.
"""
import json
import pathlib
import subprocess
import time

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from support.aws import server_jars
from support.ports import quiet_ports
from support.rules import RuleProject

START_SECONDS_MAX = 300
READ_SECONDS_MAX = 300
PASSWORD = "sesame-1001"
JAVA = ["java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
DOORS = ("plain", "sasl", "tls", "sasltls", "mutual", "controller")
PROTOCOLS = {"plain": "PLAINTEXT", "sasl": "SASL_PLAINTEXT", "tls": "SSL", "sasltls": "SASL_SSL", "mutual": "SSL",
             "controller": "PLAINTEXT"}


def certificate(folder):
    """A self-signed one for this machine: (PEM with key and certificate, the certificate alone)."""
    key, cert, both = folder / "key.pem", folder / "ca.pem", folder / "server.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    both.write_text(key.read_text() + cert.read_text())
    return both, cert


def client_certificate(folder, name="firn"):
    """A self-signed one of a client: (key, the same key under PASSWORD, certificate)."""
    folder.mkdir(parents=True, exist_ok=True)
    key, locked, cert = folder / "client.key", folder / "client.locked.key", folder / "client.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={name}",
                    "-keyout", key, "-out", cert], check=True, capture_output=True)
    subprocess.run(["openssl", "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-in", key, "-out", locked, "-passout",
                    f"pass:{PASSWORD}"], check=True, capture_output=True)
    return key, locked, cert


class Broker:
    """Use as a context manager; `jars` choose the version. User `firn` has PASSWORD; whoever comes in plain may do everything;
    who comes by the door `mutual` has to show the certificate of `client`."""

    def __init__(self, folder, jars="kafka"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.jars = server_jars(jars)
        self.ports = dict(zip(DOORS, quiet_ports(len(DOORS))))
        both, self.ca = certificate(self.folder)
        self.client = client_certificate(self.folder / "client")
        self.config = self.folder / "server.properties"
        self.config.write_text(self.properties(both))
        subprocess.run([*JAVA, "-cp", f"{self.jars}/*", "kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qk",
                        "-c", self.config, "--add-scram", f"SCRAM-SHA-512=[name=firn,password={PASSWORD}]",
                        "--add-scram", f"SCRAM-SHA-256=[name=firn,password={PASSWORD}]"],
                       cwd=self.folder, check=True, capture_output=True, timeout=START_SECONDS_MAX)
        self.process = None

    def properties(self, both):
        listeners = ",".join(f"{door.upper()}://127.0.0.1:{port}" for door, port in self.ports.items())
        advertised = ",".join(f"{door.upper()}://127.0.0.1:{port}" for door, port in self.ports.items()
                              if door != "controller")
        kinds = ",".join(f"{door.upper()}:{kind}" for door, kind in PROTOCOLS.items())
        scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        lines = [
            "process.roles=broker,controller", "node.id=1", f"controller.quorum.voters=1@127.0.0.1:{self.ports['controller']}",
            f"listeners={listeners}", f"advertised.listeners={advertised}", f"listener.security.protocol.map={kinds}",
            "controller.listener.names=CONTROLLER", "inter.broker.listener.name=PLAIN", f"log.dirs={self.folder}/data",
            "offsets.topic.replication.factor=1", "transaction.state.log.replication.factor=1",
            "transaction.state.log.min.isr=1", "group.initial.rebalance.delay.ms=0", "auto.create.topics.enable=false",
            "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users=User:ANONYMOUS", "allow.everyone.if.no.acl.found=true"]
        for door in ("sasl", "sasltls"):
            lines += [f"listener.name.{door}.scram-sha-512.sasl.jaas.config={scram}",
                      f"listener.name.{door}.scram-sha-256.sasl.jaas.config={scram}",
                      f"listener.name.{door}.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule"
                      f" required user_firn=\"{PASSWORD}\";"]
        for door in ("tls", "sasltls", "mutual"):
            lines += [f"listener.name.{door}.ssl.keystore.type=PEM", f"listener.name.{door}.ssl.keystore.location={both}"]
        lines += ["listener.name.mutual.ssl.client.auth=required", "listener.name.mutual.ssl.truststore.type=PEM",
                  f"listener.name.mutual.ssl.truststore.location={self.client[2]}"]
        return "\n".join(lines) + "\n"

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def address(self, door="plain"):
        return f"127.0.0.1:{self.ports[door]}"

    def start(self):
        """Waits until it serves, not only listens."""
        assert self.process is None
        with open(self.folder / "output.log", "ab") as log:
            self.process = subprocess.Popen([*JAVA, "-cp", f"{self.jars}/*", "kafka.Kafka", self.config], cwd=self.folder,
                                            stdout=log, stderr=log)
        end = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                self.admin().close()
                return self
            except Exception as error:  # whatever kafka-python makes of a broker that is not there yet
                ended = self.process.poll() is not None
                if ended or time.monotonic() > end:
                    self.stop()
                    raise AssertionError("the broker did not start: " +
                                         (self.folder / "output.log").read_text(errors="replace")[-3000:]) from error
                time.sleep(0.1)

    def stop(self, kill=False):
        if self.process is None:
            return
        self.process.kill() if kill else self.process.terminate()
        self.process.wait()
        self.process = None

    def admin(self):
        return KafkaAdminClient(bootstrap_servers=self.address(), request_timeout_ms=120_000)

    def topic(self, name, partitions=3, **configs):
        admin = self.admin()
        try:
            admin.create_topics([NewTopic(name, partitions, 1, topic_configs={
                key.replace("_", "."): str(value) for key, value in configs.items()})])
        finally:
            admin.close()
        return name

    def read(self, topic):
        """All that the topic holds, by partition in its order."""
        consumer = KafkaConsumer(bootstrap_servers=self.address(), group_id=None, enable_auto_commit=False,
                                 auto_offset_reset="earliest", request_timeout_ms=120_000)
        try:
            partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic))]
            consumer.assign(partitions)
            ends = consumer.end_offsets(partitions)
            records = []
            end = time.monotonic() + READ_SECONDS_MAX
            while any(consumer.position(one) < ends[one] for one in partitions):
                for batch in consumer.poll(timeout_ms=500).values():
                    records += batch
                assert time.monotonic() < end, "the topic's end was not reached"
            return sorted(records, key=lambda record: (record.partition, record.offset))
        finally:
            consumer.close()


def once(records):
    """The values as a consumer sees them that tells duplicates by their delivery."""
    seen = {}
    for record in records:
        seen.setdefault(dict(record.headers)["firn-delivery-id"], record)
    return list(seen.values())


def cluster(project, broker, door="plain", **more):
    """`kafka/shop.json` of a rule project; the sign-in as its door asks for."""
    words = {"BootstrapServers": [broker.address(door)], "SecurityProtocol": PROTOCOLS[door]}
    if door.startswith("sasl"):
        words |= {"SaslUsername": "firn", "SaslPassword": "${env:KAFKA_PASSWORD}"}
        project.environment.setdefault("KAFKA_PASSWORD", PASSWORD)
    if PROTOCOLS[door].endswith("SSL"):
        words["CaFile"] = str(broker.ca)
    (project.folder / "kafka").mkdir(exist_ok=True)
    (project.folder / "kafka/shop.json").write_text(json.dumps(words | more))


def target(topic, id="k", timeout=None, **more):
    """A target of a rule; `timeout` seconds for each try instead of the usual."""
    parameters = {"Topic": topic, **more.pop("parameters", {})}
    if timeout:
        more["DeliveryParameters"] = {"TimeoutSeconds": timeout}
    return {"Id": id, "Arn": "firn:kafka/shop", "KafkaParameters": parameters, **more}


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with Broker(tmp_path_factory.mktemp("kafka")) as running:
        yield running


@pytest.fixture
def project(tmp_path):
    return RuleProject(tmp_path / "project")


@pytest.fixture
def topic(broker, request):
    """One of the test's own, named after it."""
    return broker.topic(request.node.name.replace("[", ".").replace("]", "")[:200])
