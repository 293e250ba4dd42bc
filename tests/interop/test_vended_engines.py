"""Vended credentials end to end: Firn, PyIceberg, DuckDB and Spark write and read one table on S3, each with nothing
but what the catalog server hands out for it; and Firn renews them before they end and when they end too early.

What could go wrong in production: an engine falls back to keys of its own, keys end in the middle of an upload, the
keys of one table are used for another's files.
"""

import json
import time

import pyarrow as pa
import pytest

from support import moto
from support.aws_faults import before
from support.catalog import VEND_ROLE, Catalog, principals
from support.engines import jar
from support.front import Front
from support.rest_lake import NO_KEYS, RestProject, ids_of


class Vending:
    """A catalog server whose warehouse is on S3, and a front before it that leads to S3 through a door."""

    def __init__(self, folder, environment, door):
        self.environment, self.door = environment, door
        moto.make_bucket(environment, "vended")
        path, secrets = principals(folder, owner=("*", "manage"))
        self.catalog = Catalog(folder / "server", "--warehouse", "s3://vended/tables", "--catalog",
                               folder / "catalog.db", "--principals", path, "--vend-role", VEND_ROLE,
                               environment={**environment, **secrets})
        self.ends = {}  # path -> seconds from now at which the keys are said to end
        self.prefixes = None

    def change(self, request, answer):
        """Leads Firn to S3 through the door, shortens the life of keys, and names prefixes."""
        if answer.status != 200 or b"session-token-expires-at-ms" not in answer.body:
            return
        told = json.loads(answer.body)
        kind = "renewed" if request.path.endswith("/credentials") else "loaded"
        places = [told.get("config", {})] + [each["config"] for each in told.get("storage-credentials", [])]
        for config in places:
            if "s3.endpoint" in config:
                config["s3.endpoint"] = self.door.url
            if kind in self.ends:
                config["s3.session-token-expires-at-ms"] = str(int((time.time() + self.ends[kind]) * 1000))
        if self.prefixes is not None:
            own = told["storage-credentials"][0]
            wrong = {**own["config"], "s3.access-key-id": "WRONG", "s3.endpoint": "http://127.0.0.1:9"}
            told["storage-credentials"] = [{"prefix": own["prefix"][:cut], "config": wrong} for cut in self.prefixes] + [
                own, {"prefix": own["prefix"] + "/elsewhere", "config": wrong}]
        answer.body = json.dumps(told).encode()


@pytest.fixture(scope="module")
def vending(tmp_path_factory):
    with moto.running() as environment, before(environment) as (door, _):
        made = Vending(tmp_path_factory.mktemp("vending"), environment, door)
        with made.catalog, Front(made.catalog.url, on_answer=made.change) as made.front:
            yield made


@pytest.fixture
def project(vending, tmp_path):
    vending.ends, vending.prefixes = {}, None
    vending.door.clear()
    return RestProject(tmp_path, {"uri": vending.front.url, "credential": "${env:CREDENTIAL}"}, environment={
        **NO_KEYS, "CREDENTIAL": "owner:owner-secret"})


def renewals(vending):
    return sum(path.endswith("/credentials") for _, path in vending.front.seen)


def test_every_engine_writes_and_reads_with_what_the_catalog_vends(vending, project, duck, spark_for, monkeypatch):
    for name, value in NO_KEYS.items():
        monkeypatch.setenv(name, value)
    assert project.load(range(20), table="sales.Shared").code == 0

    from pyiceberg.catalog import load_catalog
    rest = load_catalog("vended", type="rest", uri=vending.catalog.url, credential="owner:owner-secret")
    table = rest.load_table("sales.Shared")
    rows = table.scan().to_arrow()
    assert rows.num_rows == 20
    table.append(rows.set_column(0, rows.schema.field(0), pa.array([f"p{n:017d}" for n in range(20)])))

    duck.execute(f"CREATE SECRET vended (TYPE ICEBERG, CLIENT_ID 'owner', CLIENT_SECRET 'owner-secret', "
                 f"OAUTH2_SCOPE 'catalog', OAUTH2_SERVER_URI '{vending.catalog.url}/v1/oauth/tokens')")
    duck.execute(f"ATTACH '' AS vended_lake (TYPE iceberg, ENDPOINT '{vending.catalog.url}', SECRET vended)")
    assert duck.execute("SELECT count(*) FROM vended_lake.sales.Shared").fetchone()[0] == 40
    duck.execute("INSERT INTO vended_lake.sales.Shared SELECT 'd' || substr(Id, 2), * EXCLUDE (Id) FROM "
                 "vended_lake.sales.Shared WHERE Id LIKE 'a%'")

    name = "spark.sql.catalog.firn"
    spark = spark_for(None, {
        name: "org.apache.iceberg.spark.SparkCatalog", f"{name}.type": "rest", f"{name}.uri": vending.catalog.url,
        f"{name}.credential": "owner:owner-secret", f"{name}.scope": "catalog",
        f"{name}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        f"{name}.header.X-Iceberg-Access-Delegation": "vended-credentials",
        "spark.jars": ",".join(jar(each) for each in ("iceberg-spark-runtime-4.1_2.13", "iceberg-aws-bundle"))})
    assert spark.sql("SELECT count(*) AS n FROM firn.sales.Shared").collect()[0].n == 60
    spark.sql("INSERT INTO firn.sales.Shared SELECT concat('s', substring(Id, 2)) AS Id, Name, Count__c, Amount, Big__c, "
              "When__c, Day__c, Open__c, Stage__c FROM firn.sales.Shared WHERE Id LIKE 'a%'")

    done = project.load(range(10, 30), "--key", "Id", table="sales.Shared", mode="upsert")
    assert done.code == 0, done
    ids = project.ids("sales.Shared")
    assert len(ids) == len(set(ids)) == 90
    assert [each for each in ids if each.startswith("a")] == ids_of(range(30))
    assert rest.load_table("sales.Shared").scan().to_arrow().num_rows == 90
    assert duck.execute("SELECT count(*) FROM vended_lake.sales.Shared").fetchone()[0] == 90


def test_keys_that_will_end_soon_are_renewed_before_they_are_used(vending, project):
    vending.ends = {"loaded": 60}  # less than five minutes
    before_that = renewals(vending)
    assert project.load(range(10), table="sales.Soon").code == 0
    assert project.ids("sales.Soon") == ids_of(range(10))
    assert renewals(vending) > before_that


def test_keys_that_end_in_mid_upload_are_renewed_and_the_part_is_sent_again(vending, project):
    vending.door.fault("status", method="PUT", part="partNumber=2", status=400, code="ExpiredToken")
    before_that = renewals(vending)
    project.import_large("sales.Upload")
    assert vending.door.struck == ["status"], "no second part was refused"
    assert renewals(vending) == before_that + 1
    assert "600000" in json.dumps(project.json("lake", "show", "sales.Upload"))


def test_a_catalog_that_renews_nothing_is_told_when_the_keys_are_at_their_end(vending, project):
    assert project.load(range(10), table="sales.Ended").code == 0
    vending.ends = {"loaded": -10, "renewed": -10}
    vending.door.fault("status", method="PUT", times=100, status=400, code="ExpiredToken")
    failed = project.load(range(10, 20), table="sales.Ended")
    assert failed.code == 4 and "AWS-CALL-002" in failed.err, failed
    vending.ends = {}
    vending.door.clear()
    assert project.ids("sales.Ended") == ids_of(range(10))


def test_the_longest_prefix_says_which_keys_open_a_file(vending, project):
    # Shorter prefixes, a bucket's beginning, all of S3, and a longer one of another place: with keys that open nothing.
    assert project.load(range(10), table="sales.Prefix").code == 0
    vending.prefixes = [len("s3://vended/tables"), len("s3://ven"), len("s3")]
    assert project.load(range(10, 20), table="sales.Prefix").code == 0
    assert project.ids("sales.Prefix") == ids_of(range(20))
