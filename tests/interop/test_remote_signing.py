"""A warehouse on S3 whose catalog keeps the keys: Firn's own client and the Java reference's (in Spark) read and
write it by signed requests; and Firn's client with a signer made of botocore.

What could go wrong in production: a request is changed after it was signed, the parts of a large file are signed as
one, a signature is used for another object, the client's own keys slip in where the catalog's are meant.
"""

import json
import urllib.parse

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from support import moto, weed
from support.aws_faults import before
from support.catalog import Catalog, principals, secret_of
from support.engines import jar
from support.front import Answer, Front
from support.rest_lake import NO_KEYS, RestProject, ids_of


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with weed.running(tmp_path_factory.mktemp("weed")) as environment:
        moto.make_bucket(environment, "lake")
        with before(environment) as (door, _):
            yield environment, door


@pytest.fixture(scope="module")
def catalog(store, tmp_path_factory):
    environment, door = store
    folder = tmp_path_factory.mktemp("catalog")
    path, secrets = principals(folder, owner=("*", "manage"), reader=("sales", "read"))
    with Catalog(folder / "server", "--warehouse", "s3://lake/tables", "--catalog", folder / "catalog.db",
                 "--principals", path, environment={**environment, **secrets, "AWS_ENDPOINT_URL": door.url}) as served:
        yield served


def project_of(folder, uri, principal="owner"):
    return RestProject(folder, {"uri": uri, "credential": "${env:CREDENTIAL}"}, environment={
        **NO_KEYS, "CREDENTIAL": f"{principal}:{secret_of(principal)}"})


def test_firn_loads_merges_maintains_and_reads_without_keys(catalog, store, tmp_path):
    project = project_of(tmp_path, catalog.url)
    for start in (0, 20, 40):
        done = project.load(range(start, start + 20), table="sales.Signed")
        assert done.code == 0, done
    done = project.load(range(50, 70), "--key", "Id", table="sales.Signed", mode="upsert")
    assert done.code == 0, done
    assert project.ids("sales.Signed") == ids_of(range(70))
    project.good("lake", "maintain", "--table", "sales.Signed", "--only", "compact")
    assert project.ids("sales.Signed") == ids_of(range(70))
    # Orphans are found by listing, which is signed too.
    project.good("lake", "maintain", "--table", "sales.Signed", "--only", "orphans")
    assert project.ids("sales.Signed") == ids_of(range(70))


def test_a_reader_reads_and_has_no_write_signed(catalog, tmp_path):
    owner = project_of(tmp_path / "owner", catalog.url)
    assert owner.load(range(10), table="sales.Shown").code == 0
    reader = project_of(tmp_path / "reader", catalog.url, "reader")
    assert reader.ids("sales.Shown") == ids_of(range(10))
    refused = reader.load(range(10, 20), table="sales.Shown")
    assert refused.code != 0 and "LAKE-REST-003" in refused.err, refused
    assert owner.ids("sales.Shown") == ids_of(range(10))


def test_large_files_go_in_parts_each_signed(catalog, store, tmp_path):
    project = project_of(tmp_path, catalog.url)
    _, door = store
    project.import_large("sales.Large")
    assert any("uploadId=" in path and method == "PUT" for method, path in door.seen), "no multipart upload"
    assert "600000" in json.dumps(project.json("lake", "show", "sales.Large"))


def spark_settings(catalog, principal, delegation):
    name = "spark.sql.catalog.firn"
    return {
        name: "org.apache.iceberg.spark.SparkCatalog", f"{name}.type": "rest", f"{name}.uri": catalog.url,
        f"{name}.credential": f"{principal}:{principal}-secret", f"{name}.scope": "catalog",
        f"{name}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        f"{name}.header.X-Iceberg-Access-Delegation": delegation,
        "spark.jars": ",".join(jar(each) for each in ("iceberg-spark-runtime-4.1_2.13", "iceberg-aws-bundle")),
    }


def test_the_java_reference_client_reads_and_writes_by_our_signatures(catalog, spark_for, tmp_path, monkeypatch):
    for name, value in NO_KEYS.items():
        monkeypatch.setenv(name, value)
    project = project_of(tmp_path, catalog.url)
    assert project.load(range(30), table="sales.Java").code == 0
    spark = spark_for(None, spark_settings(catalog, "owner", "remote-signing"))
    assert spark.sql("SELECT count(*) AS n FROM firn.sales.Java").collect()[0].n == 30
    spark.sql("INSERT INTO firn.sales.Java SELECT concat('b', substring(Id, 2)) AS Id, Name, Count__c, Amount, Big__c, "
              "When__c, Day__c, Open__c, Stage__c FROM firn.sales.Java")
    assert len(project.ids("sales.Java")) == 60


class BotoSigner:
    """Signs as `v1/aws/s3/sign`, with the store's keys, what lies in the bucket; keeps what it was asked."""

    def __init__(self, catalog, signs_ranges=False):
        self.asked = []
        self.signs_ranges = signs_ranges
        self.front = Front(catalog, self.on_request, self.on_answer)

    def on_request(self, request):
        if request.path != "/v1/aws/s3/sign":
            return None
        assert request.header("Authorization").startswith("Bearer "), "nobody signed in"
        wanted = json.loads(request.body)
        assert set(wanted) >= {"region", "uri", "method", "headers"} and "body" not in wanted
        assert urllib.parse.urlsplit(wanted["uri"]).path.startswith("/lake"), wanted
        self.asked.append(wanted)
        kept = {name: ",".join(values) for name, values in wanted["headers"].items()
                if self.signs_ranges or name.lower() not in ("range", "host")}
        signed = AWSRequest(method=wanted["method"], url=wanted["uri"], headers=kept)
        S3SigV4Auth(Credentials(weed.KEY, weed.SECRET), "s3", wanted["region"]).add_auth(signed)
        headers = {name.lower(): [value] for name, value in signed.headers.items()}
        cache = "private" if wanted["method"] in ("GET", "HEAD") else "no-cache"
        return Answer(200, [("Content-Type", "application/json"), ("Cache-Control", cache)],
                      json.dumps({"uri": wanted["uri"], "headers": headers}).encode())

    def on_answer(self, request, answer):
        if b'"s3.signer.endpoint"' not in answer.body:
            return
        told = json.loads(answer.body)
        told["config"] = {**told["config"], "s3.signer.endpoint": "v1/aws/s3/sign", "s3.signer.uri": self.front.url}
        answer.body = json.dumps(told).encode()


@pytest.mark.parametrize("signs_ranges", [False, True])
def test_firn_reads_and_writes_by_the_signatures_of_botocore(catalog, tmp_path, signs_ranges):
    signer = BotoSigner(catalog.url, signs_ranges)
    with signer.front as front:
        project = project_of(tmp_path, front.url)
        table = f"sales.Boto{int(signs_ranges)}"
        for start in (0, 30):
            done = project.load(range(start, start + 30), table=table)
            assert done.code == 0, done
        done = project.load(range(50, 70), "--key", "Id", table=table, mode="upsert")
        assert done.code == 0, done
        assert project.ids(table) == ids_of(range(70))
        project.good("lake", "maintain", "--table", table)
        assert project.ids(table) == ids_of(range(70))
    assert {wanted["method"] for wanted in signer.asked} >= {"GET", "PUT", "HEAD"}


def test_ranges_of_a_file_cost_one_signature(catalog, store, tmp_path):
    _, door = store
    signer = BotoSigner(catalog.url)
    with signer.front as served:
        project = project_of(tmp_path, served.url)
        assert project.load(range(300), table="sales.Ranges").code == 0
        signer.asked.clear()
        seen_before = len(door.seen)
        assert len(project.ids("sales.Ranges")) == 300
    reads = [path for method, path in door.seen[seen_before:] if method == "GET" and path.endswith(".parquet")]
    signed = [wanted["uri"] for wanted in signer.asked if wanted["method"] == "GET" and wanted["uri"].endswith(".parquet")]
    assert len(signed) == len(set(reads)), (signed, reads)


FAULTS = {
    "put failing half-way": {"effect": "cut", "method": "PUT", "part": ".parquet"},
    "answer of a put lost": {"effect": "lost", "method": "PUT", "part": ".parquet"},
    "slow": {"effect": "slow", "method": "PUT", "part": ".parquet", "seconds": 2},
    "503 SlowDown": {"effect": "status", "method": "PUT", "status": 503, "code": "SlowDown", "times": 2},
    "signature past its time": {"effect": "status", "method": "GET", "status": 403, "code": "RequestTimeTooSkewed"},
    "signer's keys expired in mid-upload": {"effect": "status", "method": "PUT", "part": ".parquet", "status": 400,
                                            "code": "ExpiredToken"},
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_s3_costs_time_and_no_rows(catalog, store, tmp_path, name):
    _, door = store
    project = project_of(tmp_path, catalog.url)
    table = f"sales.Fault{list(FAULTS).index(name)}"
    assert project.load(range(10), table=table).code == 0
    door.clear()
    door.fault(**FAULTS[name])
    done = project.load(range(5, 30), "--key", "Id", table=table, mode="upsert")
    assert done.code == 0 and door.struck, done
    assert project.ids(table) == ids_of(range(30))


def test_a_signer_that_refuses_is_told_and_nothing_is_lost(catalog, tmp_path):
    def refuse(request):
        if not request.path.endswith("/sign"):
            return None
        return Answer(403, [("Content-Type", "application/json")], json.dumps({"error": {
            "message": "not this object", "type": "ForbiddenException", "code": 403}}).encode())

    owner = project_of(tmp_path / "owner", catalog.url)
    assert owner.load(range(10), table="sales.Refused").code == 0
    with Front(catalog.url, refuse) as front:
        refused = project_of(tmp_path / "refused", front.url).load(range(10, 20), table="sales.Refused")
    assert refused.code == 4 and "not this object" in refused.err, refused
    assert owner.ids("sales.Refused") == ids_of(range(10))
