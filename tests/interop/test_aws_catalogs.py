"""The REST endpoints of S3 Tables and Glue as far as they can be had here: a front that takes no request whose
signature botocore does not make too, and says in its config what AWS says, before Firn's own catalog server.

What could go wrong in production: a path is signed other than it is sent, a session token is left out, the signature
is for another service or region, a name with a dot or a slash breaks the signature.
"""

import hashlib
import itertools
import json
import urllib.parse

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from support.catalog import Catalog
from support.front import Answer, Front
from support.rest_lake import RestProject, ids_of

NUMBERS = itertools.count()
REGION = "eu-central-1"
ARN = f"arn:aws:s3tables:{REGION}:123456789012:bucket/lake-of.sales"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDOFTHETEST", "AWS_SECRET_ACCESS_KEY": "wJalr/XUtn+FEMI", "AWS_REGION": REGION,
        "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjEL//token=="}
# (service, warehouse as it is asked for, prefix as the config names it)
SERVICES = {
    "s3tables": (ARN, urllib.parse.quote(ARN, safe="")),
    "glue": ("123456789012", "catalogs/123456789012"),
    "glue-of-s3tables": ("123456789012:s3tablescatalog/lake", "catalogs/123456789012%3As3tablescatalog%3Alake"),
}


class Aws:
    """Verifies, then passes on what lies below `/iceberg/v1/{prefix}`."""

    def __init__(self, catalog, case):
        self.service = case.split("-")[0]
        self.warehouse, self.prefix = SERVICES[case]
        self.refused = []
        self.fault = None
        self.front = Front(catalog, self.on_request)

    def verify(self, request):
        scheme, _, rest = request.header("Authorization").partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        assert scheme == "AWS4-HMAC-SHA256", scheme
        key, day, region, service, end = parts["Credential"].split("/")
        time = request.header("X-Amz-Date")
        assert (key, region, service, end) == (KEYS["AWS_ACCESS_KEY_ID"], REGION, self.service, "aws4_request")
        assert time.startswith(day) and request.header("X-Amz-Security-Token") == KEYS["AWS_SESSION_TOKEN"]
        names = parts["SignedHeaders"].split(";")
        assert names == sorted(names) and {"host", "x-amz-date", "x-amz-security-token"} <= set(names)
        claimed = request.header("X-Amz-Content-Sha256")
        assert claimed in ("", hashlib.sha256(request.body).hexdigest()), "the body is not the one that was signed"
        judged = AWSRequest(method=request.method, url=f"http://{request.header('Host')}{request.path}",
                            data=request.body, headers={name: request.header(name) for name in names})
        judged.context["timestamp"] = time
        auth = SigV4Auth(Credentials(KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"]), service, region)
        signature = auth.signature(auth.string_to_sign(judged, auth.canonical_request(judged)), judged)
        assert signature == parts["Signature"], auth.canonical_request(judged)

    def on_request(self, request):
        try:
            self.verify(request)
        except (AssertionError, ValueError, KeyError) as error:
            self.refused.append((request.method, request.path, str(error)))
            return self.answer(403, {"message": "The request signature we calculated does not match"})
        if self.fault:
            fault, self.fault = self.fault, None
            return fault
        url = urllib.parse.urlsplit(request.path)
        if url.path == "/iceberg/v1/config":
            asked = dict(urllib.parse.parse_qsl(url.query))
            if asked.get("warehouse") != self.warehouse:
                return self.answer(400, {"message": f"no such warehouse: {asked}"})
            return self.answer(200, {"defaults": {}, "overrides": {"prefix": self.prefix}})
        below = f"/iceberg/v1/{self.prefix}/"
        if not request.path.startswith(below):
            return self.answer(404, {"message": f"{request.path} is not below {below}"})
        request.path = "/v1/" + request.path[len(below):]
        request.headers = [(name, value) for name, value in request.headers
                           if name.lower() not in ("authorization", "host")]
        return None

    @staticmethod
    def answer(status, told):
        return Answer(status, [("Content-Type", "application/json"), ("x-amzn-RequestId", "of-the-test")],
                      json.dumps(told).encode())


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    with Catalog(tmp_path_factory.mktemp("catalog")) as served:
        yield served


@pytest.fixture(params=SERVICES)
def aws(request, catalog, tmp_path):
    made = Aws(catalog.url, request.param)
    with made.front as front:
        made.project = RestProject(tmp_path / "project", {
            "uri": front.url + "/iceberg", "warehouse": made.warehouse, "signing_name": made.service,
            "signing_region": REGION}, catalog.warehouse, environment=KEYS)
        made.table = f"{made.service}.T{next(NUMBERS)}"
        yield made


def test_tables_are_made_loaded_merged_and_read_through_signed_requests(aws):
    assert aws.project.load(range(20), table=aws.table).code == 0
    done = aws.project.load(range(10, 40), "--key", "Id", table=aws.table, mode="upsert")
    assert done.code == 0, done
    assert aws.project.ids(aws.table) == ids_of(range(40))
    assert aws.table in [row["table"] for row in aws.project.json("lake", "list")["rows"]]
    assert aws.refused == []


def test_names_that_must_be_encoded_are_signed_as_they_are_sent(aws, catalog):
    table = f"a_b-c.x.y.{aws.table.split('.')[1]}"  # levels are one word of the path, with %1F between them
    assert aws.project.load(range(5), table=table).code == 0
    assert aws.project.ids(table) == ids_of(range(5))
    for level in ("ä b", "plus+and~", "dots.in", "sl/ash", "per%cent", "star*"):
        catalog.ask("POST", "/namespaces", {"namespace": [level]})
    assert table in [row["table"] for row in aws.project.json("lake", "list")["rows"]]
    listed = [path for method, path in aws.front.seen if method == "GET" and path.endswith("pageSize=1000")]
    assert any("dots.in/" in path or "dots%2Ein/" in path for path in listed), listed
    assert aws.refused == []


def test_a_signature_for_another_service_is_refused_and_told(aws):
    config = aws.project.folder / "firn.yaml"
    config.write_text(config.read_text().replace(f"signing_name: {aws.service}", "signing_name: execute-api"))
    refused = aws.project.firn("lake", "list")
    assert refused.code == 4 and "LAKE-REST-003" in refused.err and "does not match" in refused.err, refused
    assert "wJalr" not in refused.err + refused.out


def test_throttling_is_waited_for(aws):
    assert aws.project.load(range(5), table=aws.table).code == 0
    aws.fault = Answer(429, [("Content-Type", "application/json")], b'{"__type":"ThrottlingException","message":"slow"}')
    assert aws.project.ids(aws.table) == ids_of(range(5))
    assert aws.fault is None and aws.refused == []
