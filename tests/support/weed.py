"""SeaweedFS as an S3 service on this machine: `weed mini` on free ports of loopback."""

import contextlib
import json
import pathlib
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from support.ports import quiet_ports

START_SECONDS_MAX = 180
KEY = "weedkey"
SECRET = "weedsecret"


# The gRPC port of each server is its HTTP port and 10,000 more.
GRPC_ABOVE = 10_000
START_TRIES = 3


@contextlib.contextmanager
def running(folder, table_bucket=None):
    """The environment of a client of it; `ICEBERG_URI`: of its REST catalog, which has one catalog a table bucket.
    Ports that were free may be taken by the time they are bound: then others are tried."""
    with contextlib.ExitStack() as started:
        for attempt in range(START_TRIES):
            environment = started.enter_context(started_on(
                quiet_ports(7, [GRPC_ABOVE]), folder, table_bucket, last=attempt + 1 == START_TRIES))
            if environment:
                break
        yield environment


@contextlib.contextmanager
def started_on(ports, folder, table_bucket, last):
    """The environment of a client of a server on these ports; nothing when it ended and is not the last try."""
    master, filer, volume, s3, admin, webdav, iceberg = ports
    weed = pathlib.Path(sys.executable).parent / "weed"
    log = open(pathlib.Path(folder) / "weed.log", "wb")
    server = subprocess.Popen(
        [weed, "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false",
         f"-master.port={master}", f"-filer.port={filer}", f"-volume.port={volume}", f"-s3.port={s3}",
         f"-admin.port={admin}", f"-webdav.port={webdav}", f"-s3.port.iceberg={iceberg}",
         *([f"-tableBucket={table_bucket}"] if table_bucket else [])],
        stdout=log, stderr=log, cwd=folder,
        env={"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "HOME": str(folder), "PATH": "/usr/bin"})
    environment = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{s3}", "AWS_REGION": "us-east-1",
                   "ICEBERG_URI": f"http://127.0.0.1:{iceberg}",
                   "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
    try:
        yield environment if answers(server, environment, folder, table_bucket, last) else None
    finally:
        server.terminate()
        server.wait(120)
        log.close()


def answers(server, environment, folder, table_bucket, last):
    """Waits until it does; false when it ended."""
    end = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            client(environment).list_buckets()
            if table_bucket:  # it is made some time after the start
                ask_catalog(environment, f"/v1/{table_bucket}/namespaces")
            return True
        except (BotoCoreError, ClientError, OSError):
            ended = server.poll() is not None
            assert time.monotonic() < end and not (ended and last), (
                pathlib.Path(folder) / "weed.log").read_text(errors="replace")[-3000:]
            if ended:
                return False
            time.sleep(0.2)


def ask_catalog(environment, path):
    form = urllib.parse.urlencode({"grant_type": "client_credentials", "client_id": KEY, "client_secret": SECRET})
    with urllib.request.urlopen(environment["ICEBERG_URI"] + "/v1/oauth/tokens", form.encode(), 20) as answer:
        token = json.load(answer)["access_token"]
    request = urllib.request.Request(environment["ICEBERG_URI"] + path, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def client(environment):
    return boto3.client("s3", endpoint_url=environment["AWS_ENDPOINT_URL"], region_name=environment["AWS_REGION"],
                        aws_access_key_id=KEY, aws_secret_access_key=SECRET)
