"""A catalog server over a warehouse on S3: clients get credentials of a role narrowed down to the table, or have
their requests signed, each by its rights.

What could go wrong in production: a reader gets keys that write, the keys of one table open another, a client
has the server sign a request about somebody else's objects, or the server's own keys reach a client.
"""

import json
import urllib.parse

import boto3
import pyarrow as pa
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from support import moto, weed
from support.aws_faults import before
from support.catalog import VEND_ROLE, Catalog, principals, secret_of, table_path

ROWS = pa.table({"id": pa.array([1, 2, 3], pa.int64()), "data": ["a", "b", "c"]},
                schema=pa.schema([pa.field("id", pa.int64(), nullable=False), pa.field("data", pa.string())]))


class Served:
    def __init__(self, folder, environment, *words):
        self.environment = environment
        self.bucket = "lake-" + folder.name.replace("_", "-").lower()[:40].strip("-")
        self.s3 = moto.client(environment, "s3")
        moto.make_bucket(environment, self.bucket)
        path, secrets = principals(folder, owner=("*", "manage"), reader=("sales.Deal", "read"), stranger=("other", "read"))
        # The folder of a local warehouse is made a path by the helper; an S3 one is given as it is.
        self.catalog = Catalog(folder / "server", "--warehouse", f"s3://{self.bucket}/tables", "--catalog",
                               folder / "catalog.db", "--principals", path, *words, environment={**environment, **secrets})

    def client(self, principal, delegation="vended-credentials"):
        from pyiceberg.catalog import load_catalog
        return load_catalog(f"firn-{principal}", **{
            "type": "rest", "uri": self.catalog.url, "credential": f"{principal}:{secret_of(principal)}",
            "header.X-Iceberg-Access-Delegation": delegation})

    def sign_in(self, principal):
        self.catalog.sign_in(principal, secret_of(principal))


@pytest.fixture(scope="module")
def vending(tmp_path_factory):
    with moto.running() as environment, before(environment) as (door, _):
        through = {**environment, "AWS_ENDPOINT_URL_STS": door.url}
        served = Served(tmp_path_factory.mktemp("vending"), through, "--vend-role", VEND_ROLE)
        with served.catalog:
            served.door = door
            owner = served.client("owner")
            owner.create_namespace("sales")
            owner.create_namespace("other")
            owner.create_table("sales.Deal", schema=ROWS.schema).append(ROWS)
            owner.create_table("other.Secret", schema=ROWS.schema).append(ROWS)
            yield served


@pytest.fixture
def no_keys(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def asked(served, ns, name, delegation="vended-credentials"):
    answer = served.catalog.ask("GET", table_path(ns, name), headers={
        "X-Iceberg-Access-Delegation": delegation})
    assert answer.status == 200, answer
    return answer.json


def test_pyiceberg_writes_and_reads_with_vended_credentials_alone(vending, no_keys):
    rows = vending.client("owner").load_table("sales.Deal").scan().to_arrow()
    assert sorted(rows["id"].to_pylist()) == [1, 2, 3]
    reader = vending.client("reader").load_table("sales.Deal").scan().to_arrow()
    assert sorted(reader["id"].to_pylist()) == [1, 2, 3]


def test_the_answer_holds_keys_of_the_role_with_their_prefix_and_end(vending):
    vending.sign_in("owner")
    loaded = asked(vending, "sales", "Deal")
    config = loaded["config"]
    (stored,) = loaded["storage-credentials"]
    assert stored["prefix"] == loaded["metadata"]["location"]
    for key in ("s3.access-key-id", "s3.secret-access-key", "s3.session-token", "s3.session-token-expires-at-ms"):
        assert config[key] == stored["config"][key]
    assert config["s3.access-key-id"] != vending.environment["AWS_ACCESS_KEY_ID"]
    assert vending.environment["AWS_SECRET_ACCESS_KEY"] not in json.dumps(config)
    assert config["client.region"] == vending.environment["AWS_REGION"]
    assert config["client.refresh-credentials-endpoint"] == "v1/namespaces/sales/tables/Deal/credentials"
    again = vending.catalog.good("GET", table_path("sales", "Deal") + "/credentials")
    assert [item["prefix"] for item in again["storage-credentials"]] == [stored["prefix"]]


def test_who_asks_for_nothing_is_told_nothing(vending):
    vending.sign_in("owner")
    answer = vending.catalog.good("GET", table_path("sales", "Deal"))
    assert answer["config"] == {} and "storage-credentials" not in answer


def policies(door):
    found = []
    for form in door.bodies:
        fields = dict(urllib.parse.parse_qsl(form.decode()))
        if fields.get("Action") == "AssumeRole":
            found.append((fields, json.loads(fields["Policy"])))
    return found


@pytest.mark.parametrize("principal, writes", [("owner", True), ("reader", False)])
def test_the_policy_names_the_table_alone_and_follows_the_rights(vending, principal, writes):
    vending.sign_in(principal)
    location = asked(vending, "sales", "Deal")["metadata"]["location"]
    key = urllib.parse.urlsplit(location).path.strip("/")
    mine = [(fields, policy) for fields, policy in policies(vending.door)
            if fields["RoleSessionName"] == f"firn-{principal}"
            and policy["Statement"][0]["Resource"] == [f"arn:aws:s3:::{vending.bucket}/{key}/*"]]
    assert mine, policies(vending.door)
    fields, policy = mine[-1]
    assert fields["RoleArn"] == VEND_ROLE and fields["DurationSeconds"] == "3600"
    actions = policy["Statement"][0]["Action"]
    assert ("s3:PutObject" in actions) is writes and ("s3:DeleteObject" in actions) is writes
    listing = policy["Statement"][1]
    assert listing["Action"] == "s3:ListBucket"
    assert listing["Condition"] == {"StringLike": {"s3:prefix": [f"{key}/*"]}}
    assert "*" not in [entry for statement in policy["Statement"]
                       for entry in ([statement["Resource"]] if isinstance(statement["Resource"], str)
                                     else statement["Resource"])]


def test_a_principal_that_may_not_read_gets_neither_table_nor_keys(vending):
    vending.sign_in("stranger")
    for path in ("", "/credentials"):
        status, kind = vending.catalog.bad("GET", table_path("sales", "Deal") + path, headers={
            "X-Iceberg-Access-Delegation": "vended-credentials"})
        assert (status, kind) == (403, "ForbiddenException")


def test_credentials_are_kept_for_who_may_do_the_same(vending):
    vending.sign_in("reader")
    asked(vending, "sales", "Deal")
    before_that = len(policies(vending.door))
    for _ in range(5):
        asked(vending, "sales", "Deal")
    assert len(policies(vending.door)) == before_that


@pytest.fixture(scope="module")
def signing(tmp_path_factory):
    with weed.running(tmp_path_factory.mktemp("weed")) as environment:
        served = Served(tmp_path_factory.mktemp("signing"), environment)
        with served.catalog:
            from pyiceberg.catalog import load_catalog
            owner = load_catalog("firn", **{
                "type": "rest", "uri": served.catalog.url, "credential": "owner:owner-secret",
                "s3.endpoint": environment["AWS_ENDPOINT_URL"], "s3.access-key-id": weed.KEY,
                "s3.secret-access-key": weed.SECRET, "s3.region": environment["AWS_REGION"]})
            owner.create_namespace("sales")
            owner.create_namespace("other")
            owner.create_table("sales.Deal", schema=ROWS.schema).append(ROWS)
            owner.create_table("other.Secret", schema=ROWS.schema).append(ROWS)
            yield served


def signed_client(served, principal, endpoint=None):
    """boto3 without keys, whose requests PyIceberg's own signer has the catalog sign."""
    from pyiceberg.io.fsspec import S3V4RestSigner
    served.sign_in(principal)
    config = asked(served, "sales", "Deal", "remote-signing")["config"]
    signer = S3V4RestSigner({"uri": served.catalog.url, "token": served.catalog.token,
                             "s3.signer.endpoint": endpoint or config["s3.signer.endpoint"]})
    client = boto3.client("s3", endpoint_url=config["s3.endpoint"], region_name=config["client.region"],
                          config=Config(signature_version=UNSIGNED, s3={"addressing_style": "path"},
                                        request_checksum_calculation="when_required"))
    client.meta.events.register("before-sign.s3", signer)
    return client


def objects(served, ns, name):
    location = served.s3.list_objects_v2(Bucket=served.bucket, Prefix=f"tables/{ns}/{name}/")
    return [item["Key"] for item in location["Contents"]]


ENDPOINTS = pytest.mark.parametrize("endpoint", [None, "v1/aws/s3/sign"], ids=["table", "anywhere"])


def test_a_table_is_told_where_requests_are_signed(signing):
    signing.sign_in("reader")
    loaded = asked(signing, "sales", "Deal", "remote-signing")
    assert loaded["config"]["s3.remote-signing-enabled"] == "true"
    assert loaded["config"]["s3.signer.endpoint"] == "v1/namespaces/sales/tables/Deal/sign"
    assert "s3.access-key-id" not in loaded["config"]


@ENDPOINTS
def test_a_reader_reads_the_table_by_signed_requests(signing, endpoint):
    client = signed_client(signing, "reader", endpoint)
    for key in objects(signing, "sales", "Deal"):
        read = client.get_object(Bucket=signing.bucket, Key=key)["Body"].read()
        assert read == signing.s3.get_object(Bucket=signing.bucket, Key=key)["Body"].read()
    listed = client.list_objects_v2(Bucket=signing.bucket, Prefix="tables/sales/Deal/")
    assert {item["Key"] for item in listed["Contents"]} == set(objects(signing, "sales", "Deal"))


@ENDPOINTS
def test_a_reader_cannot_write_and_sees_no_other_table(signing, endpoint):
    from pyiceberg.exceptions import SignError
    client = signed_client(signing, "reader", endpoint)
    own = objects(signing, "sales", "Deal")[0]
    other = objects(signing, "other", "Secret")[0]
    for attempt in (
            lambda: client.put_object(Bucket=signing.bucket, Key="tables/sales/Deal/data/x", Body=b"x"),
            lambda: client.delete_object(Bucket=signing.bucket, Key=own),
            lambda: client.get_object(Bucket=signing.bucket, Key=other),
            lambda: client.get_object(Bucket=signing.bucket, Key="tables/sales/Deal/../../other/Secret/x"),
            lambda: client.list_objects_v2(Bucket=signing.bucket),
            lambda: client.list_objects_v2(Bucket=signing.bucket, Prefix="tables/"),
            lambda: client.get_object_tagging(Bucket=signing.bucket, Key=own),
            lambda: client.get_bucket_policy(Bucket=signing.bucket)):
        with pytest.raises((SignError, ClientError)):
            attempt()
    assert own in objects(signing, "sales", "Deal")


@ENDPOINTS
def test_a_writer_writes_and_deletes_within_the_table(signing, endpoint):
    from pyiceberg.exceptions import SignError
    client = signed_client(signing, "owner", endpoint)
    key = f"tables/sales/Deal/data/written-{endpoint is None}"
    client.put_object(Bucket=signing.bucket, Key=key, Body=b"some bytes")
    assert signing.s3.get_object(Bucket=signing.bucket, Key=key)["Body"].read() == b"some bytes"
    client.delete_object(Bucket=signing.bucket, Key=key)
    assert key not in objects(signing, "sales", "Deal")
    with pytest.raises(SignError):
        client.copy_object(Bucket=signing.bucket, Key=key, CopySource={
            "Bucket": signing.bucket, "Key": objects(signing, "other", "Secret")[0]})
    with pytest.raises(SignError):
        client.put_object(Bucket=signing.bucket, Key="elsewhere", Body=b"x")


def test_a_request_to_another_host_is_not_signed(signing):
    signing.sign_in("owner")
    body = {"region": "us-east-1", "method": "GET", "headers": {},
            "uri": f"http://example.com/{signing.bucket}/{objects(signing, 'sales', 'Deal')[0]}"}
    status, kind = signing.catalog.bad("POST", table_path("sales", "Deal") + "/sign", body)
    assert (status, kind) == (403, "ForbiddenException")


def test_a_stranger_has_nothing_signed(signing):
    signing.sign_in("stranger")
    body = {"region": "us-east-1", "method": "GET", "headers": {},
            "uri": f"{signing.environment['AWS_ENDPOINT_URL']}/{signing.bucket}/"
                   f"{objects(signing, 'sales', 'Deal')[0]}"}
    for path in (table_path("sales", "Deal") + "/sign", "/aws/s3/sign"):
        status, kind = signing.catalog.bad("POST", path, body)
        assert (status, kind) == (403, "ForbiddenException")
