"""Servers that speak AWS's protocols: moto for most services, ElasticMQ for queues, DynamoDBLocal for tables.

Each listens on a free port of loopback and is stopped by its own process handle.
"""
import contextlib
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request

import boto3

SOURCE = pathlib.Path(__file__).resolve().parents[2]
REGION = "eu-central-1"
START_SECONDS_MAX = 90


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(process, port, name):
    until = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert process.poll() is None and time.monotonic() < until, f"{name} did not start"
            time.sleep(0.05)


@contextlib.contextmanager
def running(words, port, name):
    process = subprocess.Popen(list(map(str, words)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        await_port(process, port, name)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def environment(**endpoints):
    """Variables for firn: `AWS_ENDPOINT_URL` by keyword `all`, else by service."""
    found = {"AWS_REGION": REGION, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    for service, url in endpoints.items():
        found["AWS_ENDPOINT_URL" + ("" if service == "all" else f"_{service.upper()}")] = url
    return found


def client(service, url):
    return boto3.client(service, endpoint_url=url, region_name=REGION, aws_access_key_id="testing",
                        aws_secret_access_key="testing")


@contextlib.contextmanager
def moto():
    port = free_port()
    with running([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port], port, "moto") as url:
        request = urllib.request.Request(f"{url}/moto-api/config", method="POST",
                                         data=b'{"stepfunctions": {"execute_state_machine": true}}',
                                         headers={"Content-Type": "application/json"})
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30).close()
        yield url


def server_jars(name):
    folder = SOURCE / ".deps/servers" / name
    assert folder.is_dir(), f"no {folder}: run ./dev setup test"
    return folder


@contextlib.contextmanager
def elasticmq(folder):
    port = free_port()
    config = pathlib.Path(folder) / "elasticmq.conf"
    config.write_text(f'include classpath("application.conf")\n'
                      f'node-address {{\n  host = localhost\n  port = {port}\n}}\n'
                      f'rest-sqs {{\n  bind-hostname = "127.0.0.1"\n  bind-port = {port}\n}}\n'
                      f'rest-stats {{\n  enabled = false\n}}\n')
    jars = server_jars("elasticmq")
    with running(["java", f"-Dconfig.file={config}", "-cp", f"{jars}/*", "org.elasticmq.server.Main"], port,
                 "ElasticMQ") as url:
        yield url


@contextlib.contextmanager
def dynamodb_local(folder):
    port = free_port()
    jars = server_jars("dynamodb-local")
    natives = pathlib.Path(folder) / "natives"
    natives.mkdir()
    for library in jars.glob("*libsqlite4java-linux-*.so"):
        (natives / library.name.split("sqlite4java.", 1)[1]).symlink_to(library)
    with running(["java", f"-Djava.library.path={natives}", "-cp", f"{jars}/*",
                  "com.amazonaws.services.dynamodbv2.local.main.ServerRunner", "-inMemory", "-port", port],
                 port, "DynamoDBLocal") as url:
        yield url
