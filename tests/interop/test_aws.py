"""Signatures judged by botocore, and a key that lives in Secrets Manager, served by moto."""
import json
import os
import pathlib
import random
import subprocess
import urllib.request

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from support import moto
from support.firn import Project

SIGN_CASES = pathlib.Path(os.environ["FIRN_BIN"]).parents[1] / "src/ends/aws/sign_cases"
SEED = 20261125
TIME = "2026-11-25T10:00:00Z"


def draw_case(draw):
    text = lambda letters, most: "".join(draw.choice(letters) for _ in range(draw.randrange(most)))  # noqa: E731
    service = draw.choice(["s3", "secretsmanager", "execute-api", "s3tables", "glue"])
    path = "/" + "/".join(draw.choice(["a", "dt=2024", "b c", "ä", "x%2Fy", "~_-.", "+", "", "k@:!$&'()*,;"])
                          for _ in range(draw.randrange(4)))
    # botocore takes S3's paths as they are: they must be encoded as the service encodes them.
    path = urllib.request.quote(path, safe="/~" if service == "s3" else "/%:@!$&'()*+,;=~")
    names = ["q", "x-id", "Action", "b"]
    query = "&".join(f"{draw.choice(names)}{draw.choice(['', '=', '=1', '=a%20b', '=%2F', '=ä~', '=2024-01'])}"
                     for _ in range(draw.randrange(4)))
    url = f"https://example{draw.randrange(9)}.amazonaws.com{path}" + (f"?{urllib.request.quote(query, safe='&=%~')}" if query else "")
    return {"method": draw.choice(["GET", "POST", "PUT", "DELETE"]), "url": url, "service": service,
            "region": draw.choice(["eu-central-1", "us-east-1"]), "time": TIME,
            "access_key": "AKID" + text("ABC123", 9), "secret_key": "s" + text("abcXYZ/+9", 40),
            "token": draw.choice(["", "tok/en+=="]), "body": text('{"a": 5}ä\n', 60),
            "headers": draw.choice([{}, {"Content-Type": "application/x-amz-json-1.1"}, {"x-amz-meta-a": "  b   c "},
                                    {"X-Amz-Target": "secretsmanager.GetSecretValue", "Content-Type": "x"}])}


def judged(case, monkeypatch):
    """What botocore signs for the same request at the same time."""
    import datetime

    import botocore.auth
    import botocore.compat
    instant = datetime.datetime(2026, 11, 25, 10, 0, 0)
    for module in (botocore.auth, botocore.compat):
        if hasattr(module, "get_current_datetime"):
            monkeypatch.setattr(module, "get_current_datetime", lambda *a, **k: instant)
    credentials = Credentials(case["access_key"], case["secret_key"], case["token"] or None)
    request = AWSRequest(method=case["method"], url=case["url"], data=case["body"].encode(), headers=case["headers"])
    s3 = case["service"] == "s3"
    if "life" in case:
        request = AWSRequest(method=case["method"], url=case["url"])
        (S3SigV4QueryAuth if s3 else SigV4QueryAuth)(credentials, case["service"], case["region"],
                                                     expires=case["life"]).add_auth(request)
        return request.url.rsplit("X-Amz-Signature=", 1)[1]
    if s3 or case["service"].startswith("s3"):
        request.context["payload_signing_enabled"] = True
    (S3SigV4Auth if s3 else SigV4Auth)(credentials, case["service"], case["region"]).add_auth(request)
    return request.headers["Authorization"].rsplit("Signature=", 1)[1]


def signatures(cases, mark):
    done = subprocess.run([SIGN_CASES], input="".join(json.dumps(case) + "\n" for case in cases), text=True,
                          capture_output=True, check=True)
    return [line.rsplit(mark, 1)[1] for line in done.stdout.splitlines()]


def is_kept(query):
    """Whether botocore presigns the query as it is: of repeated names it keeps one, names without a value go."""
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    return len({name for name, _, _ in pairs}) == len(pairs) and all(value for _, _, value in pairs)


@pytest.mark.parametrize("presigned", [False, True])
def test_botocore_signs_the_same(monkeypatch, presigned):
    draw = random.Random(SEED)
    cases = [draw_case(draw) for _ in range(400)]
    # botocore hashes the body of a service called s3tables only in a header that it adds elsewhere.
    cases = [case for case in cases if case["service"] != "s3tables"]
    if presigned:
        cases = [{**case, "life": 900} for case in cases if is_kept(case["url"].partition("?")[2])]
    ours = signatures(cases, "X-Amz-Signature=" if presigned else "Signature=")
    assert len(ours) == len(cases) > 100
    for case, signature in zip(cases, ours):
        assert signature == judged(case, monkeypatch), f"seed {SEED}: {case}"


@pytest.fixture(scope="module")
def aws():
    with moto.running() as environment:
        yield environment


def test_the_private_key_can_live_in_secrets_manager(aws, tmp_path, sandbox):
    project = Project(tmp_path / "project", sandbox)
    key = pathlib.Path(sandbox.facts["key_file"])
    moto.client(aws, "secretsmanager").create_secret(
        Name="prod/firn", SecretString=json.dumps({"key": key.read_text()}))
    config = project.folder / "firn.yaml"
    config.write_text(config.read_text().replace(f"${{file:{key}}}", '"${aws-secret:prod/firn#key}"'))
    done = project.firn("org", "login", **aws)
    assert done.code == 0, done


def test_a_secret_that_is_not_there_is_named_and_nothing_else(aws, tmp_path, sandbox):
    project = Project(tmp_path / "project", sandbox)
    config = project.folder / "firn.yaml"
    config.write_text(config.read_text().replace(f"${{file:{sandbox.facts['key_file']}}}", '"${aws-secret:nowhere}"'))
    done = project.firn("org", "login", **aws)
    assert done.code == 1 and "AWS-CALL-005" in done.err and "nowhere" in done.err, done
