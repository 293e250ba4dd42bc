"""The Python client as the vendor's examples have it: gRPC, fastavro, bitmaps to names.

usage: peer.py PORT EVENTS; prints the same JSON as events_client.
"""
import io
import json
import pathlib
import resource
import sys
import time

import fastavro
import grpc

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests"))
from support.pubsub import names_of_bitmap, stubs  # noqa: E402


def main(port, wanted):
    pb, rpc = stubs()
    metadata = (("accesstoken", "bench"), ("instanceurl", "http://127.0.0.1"), ("tenantid", "00D"))
    stub = rpc.PubSubStub(grpc.insecure_channel(f"127.0.0.1:{port}"))
    text = stub.GetSchema(pb.SchemaRequest(schema_id="schema-1"), metadata=metadata).schema_json
    schema = json.loads(text)
    parsed = fastavro.parse_schema(json.loads(text))
    asked = [pb.FetchRequest(topic_name="/data/AccountChangeEvent", replay_preset=1, num_requested=100)]
    more = __import__("queue").Queue()
    more.put(asked[0])
    began = time.perf_counter()
    events = touched = 0
    for response in stub.Subscribe(iter(more.get, None), metadata=metadata):
        more.put(pb.FetchRequest(num_requested=len(response.events)))
        for consumer in response.events:
            record = fastavro.schemaless_reader(io.BytesIO(consumer.event.payload), parsed)
            header = record["ChangeEventHeader"]
            touched += len(names_of_bitmap(schema, header["changedFields"]))
        events += len(response.events)
        if events >= wanted:
            break
    seconds = time.perf_counter() - began
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"events": events, "touched": touched, "seconds": seconds,
                      "cpu_seconds": usage.ru_utime + usage.ru_stime,
                      "rss_bytes": usage.ru_maxrss * 1024}), flush=True)
    __import__("os")._exit(0)


main(sys.argv[1], int(sys.argv[2]))
