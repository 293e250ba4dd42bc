"""SeaweedFS as an S3 service on this machine: `weed mini` on free ports of loopback."""

import contextlib
import pathlib
import socket
import subprocess
import sys
import time

import boto3
from botocore.exceptions import BotoCoreError, ClientError

START_SECONDS_MAX = 90
KEY = "weedkey"
SECRET = "weedsecret"


def free_ports(count):
    # The gRPC port of each server is its HTTP port and 10,000 more.
    found = []
    while len(found) < count:
        with socket.socket() as low, socket.socket() as high:
            low.bind(("127.0.0.1", 0))
            port = low.getsockname()[1]
            if port + 10_000 > 65_000 or port in found:
                continue
            try:
                high.bind(("127.0.0.1", port + 10_000))
            except OSError:
                continue
            found.append(port)
    return found


@contextlib.contextmanager
def running(folder):
    """The environment of a client of it."""
    master, filer, volume, s3, admin, webdav, iceberg = free_ports(7)
    weed = pathlib.Path(sys.executable).parent / "weed"
    log = open(pathlib.Path(folder) / "weed.log", "wb")
    server = subprocess.Popen(
        [weed, "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false",
         f"-master.port={master}", f"-filer.port={filer}", f"-volume.port={volume}", f"-s3.port={s3}",
         f"-admin.port={admin}", f"-webdav.port={webdav}", f"-s3.port.iceberg={iceberg}"],
        stdout=log, stderr=log, cwd=folder,
        env={"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "HOME": str(folder), "PATH": "/usr/bin"})
    environment = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{s3}", "AWS_REGION": "us-east-1",
                   "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
    end = time.monotonic() + START_SECONDS_MAX
    try:
        while True:
            try:
                client(environment).list_buckets()
                break
            except (BotoCoreError, ClientError):
                assert time.monotonic() < end and server.poll() is None, (
                    pathlib.Path(folder) / "weed.log").read_text(errors="replace")[-3000:]
                time.sleep(0.2)
        yield environment
    finally:
        server.terminate()
        server.wait(30)
        log.close()


def client(environment):
    return boto3.client("s3", endpoint_url=environment["AWS_ENDPOINT_URL"], region_name=environment["AWS_REGION"],
                        aws_access_key_id=KEY, aws_secret_access_key=SECRET)
