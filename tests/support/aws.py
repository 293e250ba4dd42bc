"""Servers that speak AWS's protocols: moto for most services, ElasticMQ for queues, DynamoDBLocal for tables.

Each listens on a free port of loopback and is stopped by its own process handle.
"""
import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request

import boto3

from support.ports import quiet_port

SOURCE = pathlib.Path(__file__).resolve().parents[2]
REGION = "eu-central-1"
START_SECONDS_MAX = 180
START_TRIES = 3


def await_port(process, port, name, last):
    """False when the server ended before it listened; `name` is told when it will not start."""
    until = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return True
        except OSError:
            ended = process.poll() is not None
            assert not (ended and last) and time.monotonic() < until, f"{name} did not start"
            if ended:
                return False
            time.sleep(0.05)


@contextlib.contextmanager
def running(words_for, name, folder=None, log=None):
    """`words_for` makes the command for a port. A port that was free may be taken by the time the server binds it:
    then another one is tried. `log`: a file for what the server says."""
    for attempt in range(START_TRIES):
        port = quiet_port()
        with open(log or os.devnull, "wb") as said:
            process = subprocess.Popen(list(map(str, words_for(port))), cwd=folder, stdout=said, stderr=said)
        try:
            if not await_port(process, port, name, last=attempt + 1 == START_TRIES):
                continue
            yield f"http://127.0.0.1:{port}"
            return
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
    with running(lambda port: [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port], "moto") as url:
        request = urllib.request.Request(f"{url}/moto-api/config", method="POST",
                                         data=b'{"stepfunctions": {"execute_state_machine": true}}',
                                         headers={"Content-Type": "application/json"})
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=120).close()
        yield url


def server_jars(name):
    folder = SOURCE / ".deps/servers" / name
    assert folder.is_dir(), f"no {folder}: run ./dev setup test"
    return folder


@contextlib.contextmanager
def elasticmq(folder):
    jars = server_jars("elasticmq")
    config = pathlib.Path(folder) / "elasticmq.conf"

    def words(port):
        config.write_text(f'include classpath("application.conf")\n'
                          f'node-address {{\n  host = localhost\n  port = {port}\n}}\n'
                          f'rest-sqs {{\n  bind-hostname = "127.0.0.1"\n  bind-port = {port}\n}}\n'
                          f'rest-stats {{\n  enabled = false\n}}\n')
        return ["java", f"-Dconfig.file={config}", "-cp", f"{jars}/*", "org.elasticmq.server.Main"]

    with running(words, "ElasticMQ") as url:
        yield url


@contextlib.contextmanager
def dynamodb_local(folder):
    jars = server_jars("dynamodb-local")
    natives = pathlib.Path(folder) / "natives"
    natives.mkdir()
    for library in jars.glob("*libsqlite4java-linux-*.so"):
        (natives / library.name.split("sqlite4java.", 1)[1]).symlink_to(library)
    with running(lambda port: ["java", f"-Djava.library.path={natives}", "-cp", f"{jars}/*",
                               "com.amazonaws.services.dynamodbv2.local.main.ServerRunner", "-inMemory", "-port", port],
                 "DynamoDBLocal", folder) as url:
        yield url
