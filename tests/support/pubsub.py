"""A Pub/Sub API client for tests: generated from the proto, Avro by fastavro, bitmaps decoded here.

The bitmap decoder reads Avro's JSON schema by itself; it shares nothing with the sandbox's encoder.
"""

import functools
import importlib
import io
import json
import pathlib
import queue
import sys
import tempfile
import urllib.request

import fastavro
import grpc

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
WAIT_SECONDS_MAX = 300


@functools.cache
def stubs():
    """The modules protoc makes of the contract."""
    from grpc_tools import protoc
    out = tempfile.mkdtemp(prefix="firn-proto-")
    assert protoc.main(["protoc", f"-I{PROTO}", f"--python_out={out}", f"--grpc_python_out={out}",
                        "pubsub_api.proto"]) == 0
    sys.path.insert(0, out)
    return importlib.import_module("pubsub_api_pb2"), importlib.import_module("pubsub_api_pb2_grpc")


def sign_in(org):
    """An access token by the client credentials flow."""
    app = json.loads((pathlib.Path(org.folder) / "apps.json").read_text())["apps"][0]
    form = (f"grant_type=client_credentials&client_id={app['client_id']}"
            f"&client_secret={app['client_secret']}")
    with urllib.request.urlopen(org.url + "/services/oauth2/token", data=form.encode()) as answer:
        return json.loads(answer.read())["access_token"]


def names_of_bitmap(schema, texts):
    """Field names of a header bitmap: `Name`, `BillingAddress.City`."""
    names = []
    for text in texts:
        fields, prefix = schema["fields"], ""
        if "-" in text:
            position, text = text.split("-")
            parent = schema["fields"][int(position)]
            record = next(branch for branch in parent["type"] if not isinstance(branch, str)
                          or branch not in ("null", "string"))
            fields, prefix = named(schema, record)["fields"], parent["name"] + "."
        assert text.startswith("0x") and text == "0x" + text[2:].upper(), text
        bits = int(text, 16)
        names += [prefix + field["name"] for i, field in enumerate(fields) if bits >> i & 1]
    return names


def named(schema, record):
    """A type that stands by its name is found where it is spelt out."""
    if isinstance(record, dict):
        return record
    for field in schema["fields"]:
        for branch in field["type"] if isinstance(field["type"], list) else []:
            if isinstance(branch, dict) and branch["name"].split(".")[-1] == record.split(".")[-1]:
                return branch
    raise AssertionError(f"{record} is spelt out nowhere")


class Event:
    def __init__(self, consumer, schema):
        self.replay_id = consumer.replay_id
        self.id = consumer.event.id
        self.schema_id = consumer.event.schema_id
        self.payload = consumer.event.payload
        self.fields = fastavro.schemaless_reader(io.BytesIO(self.payload),
                                                 fastavro.parse_schema(schema))
        self.header = self.fields.pop("ChangeEventHeader", None)
        if self.header:
            for key in ("changedFields", "nulledFields", "diffFields"):
                self.header[key] = names_of_bitmap(schema, self.header[key])
        self.values = {key: value for key, value in self.fields.items() if value is not None}


class PubSub:
    """A signed-in client of a running sandbox org."""

    def __init__(self, org, token=None):
        self.pb, rpc = stubs()
        self.org = org
        self.token = token or sign_in(org)
        self.metadata = (("accesstoken", self.token), ("instanceurl", org.url),
                         ("tenantid", org.facts["org_id"]))
        self.channel = grpc.insecure_channel(org.facts["pubsub_endpoint"])
        self.stub = rpc.PubSubStub(self.channel)
        self.schemas = {}

    def close(self):
        self.channel.close()

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()

    def topic(self, name):
        return self.stub.GetTopic(self.pb.TopicRequest(topic_name=name), metadata=self.metadata)

    def schema(self, schema_id):
        if schema_id not in self.schemas:
            info = self.stub.GetSchema(self.pb.SchemaRequest(schema_id=schema_id),
                                       metadata=self.metadata)
            self.schemas[schema_id] = json.loads(info.schema_json)
        return self.schemas[schema_id]

    def subscribe(self, topic, requested=100, **first):
        return Stream(self, topic, requested, first)

    def publish(self, topic, *records, schema_id=None):
        schema_id = schema_id or self.topic(topic).schema_id
        schema = fastavro.parse_schema(self.schema(schema_id))
        events = []
        for record in records:
            out = io.BytesIO()
            fastavro.schemaless_writer(out, schema, record)
            events.append(self.pb.ProducerEvent(schema_id=schema_id, payload=out.getvalue()))
        return self.stub.Publish(self.pb.PublishRequest(topic_name=topic, events=events),
                                 metadata=self.metadata)

    def rest(self, method, path, body=None, **headers):
        request = urllib.request.Request(
            self.org.url + "/services/data/v60.0" + path, method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Authorization": "Bearer " + self.token, "Content-Type": "application/json",
                     **headers})
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def create(self, name, **fields):
        return self.rest("POST", f"/sobjects/{name}", fields)["id"]

    def create_at_once(self, name, names):
        """In one call: a fault that ends every session cannot come between."""
        records = [{"attributes": {"type": name}, "Name": one} for one in names]
        done = self.rest("POST", "/composite/sobjects", {"allOrNone": True, "records": records})
        assert all(one["success"] for one in done), done
        return [one["id"] for one in done]

    def update(self, name, record, **fields):
        self.rest("PATCH", f"/sobjects/{name}/{record}", fields)

    def delete(self, name, record):
        self.rest("DELETE", f"/sobjects/{name}/{record}")


class Stream:
    """A subscription: requests are put in, responses come out."""

    def __init__(self, client, topic, requested, first):
        self.client = client
        self.requests = queue.Queue()
        self.requests.put(client.pb.FetchRequest(topic_name=topic, num_requested=requested, **first))
        self.call = client.stub.Subscribe(iter(self.requests.get, None), metadata=client.metadata,
                                          timeout=WAIT_SECONDS_MAX)

    def placed(self):
        """Waits for the first sign of life: what happens from here on is seen at LATEST."""
        assert not self.response().events
        return self

    def fetch(self, requested, **more):
        self.requests.put(self.client.pb.FetchRequest(num_requested=requested, **more))

    def response(self):
        return next(self.call)

    def events(self, count):
        """The next `count` events, decoded by the schema that each one names."""
        events = []
        while len(events) < count:
            for consumer in self.response().events:
                events.append(Event(consumer, self.client.schema(consumer.event.schema_id)))
        return events

    def ended(self):
        """The error that ends the stream, keepalives being passed over."""
        try:
            while True:
                self.response()
        except grpc.RpcError as error:
            return error

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.call.cancel()
        self.requests.put(None)


def code_of(error):
    """The vendor's error code of a failed call, without its prefix."""
    trailers = dict(error.trailing_metadata())
    assert trailers["rpc-id"] in error.details()
    return trailers["error-code"].removeprefix("sfdc.platform.eventbus.grpc.")
