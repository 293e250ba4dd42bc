"""AWS on this machine: moto's server on a free port."""

import contextlib
import socket
import subprocess
import sys
import time
import urllib.request

import boto3

START_SECONDS_MAX = 60


@contextlib.contextmanager
def running():
    """The environment of a client of it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    end = time.monotonic() + START_SECONDS_MAX
    try:
        while True:
            try:
                urllib.request.urlopen(url, timeout=5).close()
                break
            except OSError:
                assert time.monotonic() < end and server.poll() is None, "moto did not start"
                time.sleep(0.1)
        yield {"AWS_ENDPOINT_URL": url, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "testing",
               "AWS_SECRET_ACCESS_KEY": "testing"}
    finally:
        server.terminate()
        server.wait()


def client(environment, service):
    return boto3.client(service, endpoint_url=environment["AWS_ENDPOINT_URL"],
                        region_name=environment["AWS_REGION"], aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
                        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"])
