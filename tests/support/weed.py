"""SeaweedFS as an S3 service on this machine: `weed mini` on free ports of loopback."""

import contextlib
import pathlib
import socket
import subprocess
import sys
import time

import boto3
from botocore.exceptions import BotoCoreError, ClientError

START_SECONDS_MAX = 180
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


START_TRIES = 3


@contextlib.contextmanager
def running(folder):
    """The environment of a client of it. Ports that were free may be taken by the time they are bound: then others are
    tried."""
    with contextlib.ExitStack() as started:
        for attempt in range(START_TRIES):
            environment = started.enter_context(started_on(free_ports(7), folder, last=attempt + 1 == START_TRIES))
            if environment:
                break
        yield environment


@contextlib.contextmanager
def started_on(ports, folder, last):
    """The environment of a client of a server on these ports; nothing when it ended and is not the last try."""
    master, filer, volume, s3, admin, webdav, iceberg = ports
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
    try:
        yield environment if answers(server, environment, folder, last) else None
    finally:
        server.terminate()
        server.wait(120)
        log.close()


def answers(server, environment, folder, last):
    """Waits until it does; false when it ended."""
    end = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            client(environment).list_buckets()
            return True
        except (BotoCoreError, ClientError):
            ended = server.poll() is not None
            assert time.monotonic() < end and not (ended and last), (
                pathlib.Path(folder) / "weed.log").read_text(errors="replace")[-3000:]
            if ended:
                return False
            time.sleep(0.2)


def client(environment):
    return boto3.client("s3", endpoint_url=environment["AWS_ENDPOINT_URL"], region_name=environment["AWS_REGION"],
                        aws_access_key_id=KEY, aws_secret_access_key=SECRET)
