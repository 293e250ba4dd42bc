"""Tables that are being made (`stage-create`, the way of CREATE TABLE AS SELECT) in a warehouse on S3 whose catalog
keeps the keys: their files are written before the catalog has a row for them.

What could go wrong in production: an engine that makes a table from a query cannot write its files, the server is
started anew in the middle of the query, or the folder of a table in the making, or of one that was renamed, lets
somebody into another table's files.
"""

import contextlib

import pytest

from support import moto, weed
from support.catalog import SCHEMA, VEND_ROLE, Catalog, principals, secret_of, table_path
from support.engines import jar
from support.front import Front
from support.rest_lake import NO_KEYS

KEYS = ("s3.access-key-id", "s3.secret-access-key", "s3.session-token")


class Store(Front):
    """Before S3; does something once, before an object is put."""

    def __init__(self, target):
        super().__init__(target)
        self.before_put = []  # (part of its key, what to do)

    def passed_on(self, request):
        if request.method == "PUT" and any(part in request.path for part, _ in self.before_put):
            self.before_put.pop()[1]()
        return super().passed_on(request)


class Lake:
    """A catalog server over a bucket. Clients reach both through fronts, which stay where they are when the server is
    started anew on another port."""

    def __init__(self, folder, environment, bucket, *words):
        self.environment, self.bucket = environment, bucket
        moto.make_bucket(environment, bucket)
        self.principals, self.secrets = principals(
            folder, owner=("*", "manage"), maker=("sales", "manage"), writer=("sales", "write"),
            narrow=("sales.Before", "manage"))
        self.store = Store(environment["AWS_ENDPOINT_URL"])
        self.folder, self.words = folder, words

    def __enter__(self):
        self.running = contextlib.ExitStack()
        with contextlib.ExitStack() as started:
            started.enter_context(self.store)
            self.catalog = started.enter_context(Catalog(
                self.folder / "server", "--warehouse", f"s3://{self.bucket}/tables", "--catalog",
                self.folder / "catalog.db", "--principals", self.principals, *self.words,
                environment={**self.environment, **self.secrets, "AWS_ENDPOINT_URL_S3": self.store.url}))
            self.front = started.enter_context(Front(self.catalog.url))
            self.running = started.pop_all()
        self.sign_in("owner")
        self.catalog.make_namespace("sales")
        self.catalog.make_namespace("other")
        return self

    def __exit__(self, *exception):
        return self.running.__exit__(*exception)

    def start_anew(self):
        self.catalog.process.kill()
        self.catalog.process.wait(120)
        self.catalog.start()
        self.front.target = self.front.target._replace(netloc=f"127.0.0.1:{self.catalog.port}")

    def sign_in(self, principal):
        self.catalog.sign_in(principal, secret_of(principal))

    def stage(self, name, **more):
        return self.catalog.ask("POST", "/namespaces/sales/tables", {
            "name": name, "stage-create": True, "schema": SCHEMA, **more})

    def staged(self, name, **more):
        """The key of the folder."""
        answer = self.stage(name, **more)
        assert answer.status == 200 and "metadata-location" not in answer.json, answer
        return self.key(answer.json)

    def key(self, loaded):
        return loaded["metadata"]["location"].removeprefix(f"s3://{self.bucket}/")

    def sign(self, key, name=None, method="PUT", ns="sales"):
        """By the call of a table, or by the one that names none."""
        path = table_path(ns, name) + "/sign" if name else "/aws/s3/sign"
        return self.catalog.ask("POST", path, {"region": self.environment["AWS_REGION"], "method": method, "headers": {},
                                               "uri": f"{self.store.url}/{self.bucket}/{key}"})

    def commit(self, name, location):
        return self.catalog.ask("POST", table_path("sales", name), {
            "requirements": [{"type": "assert-create"}],
            "updates": [{"action": "assign-uuid", "uuid": "9c12d441-03fe-4693-9a96-a0705ddf69c1"},
                        {"action": "upgrade-format-version", "format-version": 2},
                        {"action": "add-schema", "schema": SCHEMA, "last-column-id": 2},
                        {"action": "set-current-schema", "schema-id": -1},
                        {"action": "add-spec", "spec": {"spec-id": 0, "fields": []}},
                        {"action": "set-default-spec", "spec-id": -1},
                        {"action": "add-sort-order", "sort-order": {"order-id": 0, "fields": []}},
                        {"action": "set-default-sort-order", "sort-order-id": -1},
                        {"action": "set-location", "location": location}]})


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    with weed.running(tmp_path_factory.mktemp("weed")) as environment, Lake(
            tmp_path_factory.mktemp("signing"), environment, "staged") as made:
        yield made


@pytest.fixture(scope="module")
def vending(tmp_path_factory):
    with moto.running() as environment, Lake(
            tmp_path_factory.mktemp("vending"), environment, "staged", "--vend-role", VEND_ROLE) as made:
        yield made


@pytest.mark.parametrize("named", [True, False], ids=["table", "anywhere"])
def test_who_may_make_a_table_has_its_files_signed_before_it_is_there(lake, named):
    lake.sign_in("maker")
    name = "Named" if named else "Anywhere"
    key = lake.staged(name)
    name = name if named else None
    assert lake.sign(key + "/data/x.parquet", name).status == 200
    assert lake.sign(key + "/data/x.parquet", name, "GET").status == 200
    for elsewhere in ("tables/sales/Elsewhere/x", "tables/sales/x", key + "2/x", key.rsplit("/", 1)[0] + "/x"):
        assert lake.sign(elsewhere, name).status == 403, elsewhere
    lake.sign_in("writer")
    assert lake.sign(key + "/data/x.parquet", name).status in (403, 404)


@pytest.mark.parametrize("named", [True, False], ids=["table", "anywhere"])
def test_a_staged_table_outlives_a_server_that_is_killed(lake, named):
    lake.sign_in("maker")
    key = lake.staged(f"Outlives{named}")
    lake.start_anew()
    assert lake.sign(key + "/data/x.parquet", f"Outlives{named}" if named else None).status == 200
    made = lake.commit(f"Outlives{named}", f"s3://{lake.bucket}/{key}")
    assert made.status == 200 and lake.key(made.json) == key, made
    assert lake.sign(key + "/data/x.parquet", f"Outlives{named}").status == 200


def test_what_was_never_staged_is_said_to_be_missing(lake):
    lake.sign_in("maker")
    missing = lake.sign("tables/sales/Never/data/x.parquet", "Never")
    assert missing.status == 404 and missing.json["error"]["type"] == "NoSuchTableException", missing
    assert "neither is it being made" in missing.json["error"]["message"]


def test_a_table_that_was_made_and_dropped_is_being_made_no_more(lake):
    lake.sign_in("maker")
    key = lake.staged("Dropped")
    assert lake.commit("Dropped", f"s3://{lake.bucket}/{key}").status == 200
    lake.catalog.good("DELETE", table_path("sales", "Dropped"))
    assert lake.sign(key + "/data/x.parquet", "Dropped").status == 404
    assert lake.sign(key + "/data/x.parquet").status == 403


def test_two_that_make_a_table_of_one_name_write_into_folders_of_their_own(lake):
    lake.sign_in("maker")
    first, second = lake.staged("Twice"), lake.staged("Twice")
    assert first != second
    for key in (first, second):
        assert lake.sign(key + "/data/x.parquet", "Twice").status == 200
    lake.catalog.make_table("sales", "Twice")
    third = lake.key(lake.catalog.table("sales", "Twice"))
    assert third not in (first, second)
    # The name is taken: neither of the others can become the table, and neither may write into it.
    assert lake.sign(first + "/data/x.parquet", "Twice").status == 403


def test_a_staged_table_does_not_lie_with_another(lake):
    lake.sign_in("owner")
    lake.catalog.make_table("sales", "Here")
    here = lake.key(lake.catalog.table("sales", "Here"))
    being_made = lake.staged("InTheMaking")
    for taken in (here, here + "/inside", here.rsplit("/", 1)[0], being_made, being_made + "/inside"):
        refused = lake.stage("Beside", location=f"s3://{lake.bucket}/{taken}")
        assert refused.status == 403 and refused.json["error"]["type"] == "ForbiddenException", (taken, refused)
        refused = lake.stage("Beside", properties={"write.data.path": f"s3://{lake.bucket}/{taken}"})
        assert refused.status == 403, (taken, refused)
    assert lake.staged("Beside", location=f"s3://{lake.bucket}/tables/elsewhere") == "tables/elsewhere"


def test_a_name_that_is_free_again_does_not_open_the_files_of_the_table_that_had_it(lake):
    lake.sign_in("owner")
    lake.catalog.make_table("sales", "Before")
    key = lake.key(lake.catalog.table("sales", "Before"))
    lake.catalog.good("POST", "/tables/rename", {"source": {"namespace": ["sales"], "name": "Before"},
                                                 "destination": {"namespace": ["other"], "name": "After"}})
    location = f"s3://{lake.bucket}/{key}"
    lake.sign_in("narrow")
    assert lake.sign(key + "/data/x.parquet", "Before").status == 404
    assert lake.stage("Before", location=location).status == 403
    for more in ({"location": location}, {"properties": {"write.data.path": location + "/data"}}):
        refused = lake.catalog.ask("POST", "/namespaces/sales/tables", {"name": "Before", "schema": SCHEMA, **more})
        assert refused.status == 403, (more, refused)
    assert lake.commit("Before", location).status == 403
    own = lake.catalog.make_table("sales", "Before")
    assert lake.key(own) != key
    moved = lake.catalog.ask("POST", table_path("sales", "Before"), {"requirements": [], "updates": [
        {"action": "set-location", "location": location}]})
    assert moved.status == 403, moved
    assert lake.sign(key + "/data/x.parquet", "Before").status == 403


def test_a_staged_table_is_given_credentials_which_are_renewed(vending):
    vending.sign_in("maker")
    asks = {"X-Iceberg-Access-Delegation": "vended-credentials"}
    staged = vending.catalog.ask("POST", "/namespaces/sales/tables", {
        "name": "Vended", "stage-create": True, "schema": SCHEMA}, headers=asks)
    assert staged.status == 200, staged
    location = staged.json["metadata"]["location"]
    (given,) = staged.json["storage-credentials"]
    assert given["prefix"] == location and all(given["config"][key] for key in KEYS)
    vending.start_anew()
    path = table_path("sales", "Vended") + "/credentials"
    (renewed,) = vending.catalog.good("GET", path)["storage-credentials"]
    assert renewed["prefix"] == location and all(renewed["config"][key] for key in KEYS)
    vending.sign_in("writer")
    assert vending.catalog.ask("GET", path).status == 404
    vending.sign_in("maker")
    assert vending.catalog.ask("GET", table_path("sales", "Nothing") + "/credentials").status == 404


@pytest.fixture
def spark(lake, vending, spark_for, monkeypatch):
    for name, value in NO_KEYS.items():
        monkeypatch.setenv(name, value)
    settings = {"spark.jars": ",".join(jar(each) for each in ("iceberg-spark-runtime-4.1_2.13", "iceberg-aws-bundle"))}
    for each, url, delegation in (("signed", lake.front.url, "remote-signing"),
                                  ("vended", vending.front.url, "vended-credentials")):
        name = f"spark.sql.catalog.{each}"
        settings.update({
            name: "org.apache.iceberg.spark.SparkCatalog", f"{name}.type": "rest", f"{name}.uri": url,
            f"{name}.credential": "maker:maker-secret", f"{name}.scope": "catalog",
            f"{name}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
            f"{name}.header.X-Iceberg-Access-Delegation": delegation})
    return spark_for(None, settings)


@pytest.mark.parametrize("catalog", ["signed", "vended"])
def test_spark_makes_tables_out_of_queries_and_replaces_them(spark, catalog):
    table = f"{catalog}.sales.made"
    spark.sql(f"CREATE TABLE {table} USING iceberg AS SELECT id, concat('row ', id) AS data FROM range(1000)")
    assert spark.sql(f"SELECT count(*) AS n, max(data) AS d FROM {table}").collect()[0] == (1000, "row 999")
    spark.sql(f"CREATE OR REPLACE TABLE {table} USING iceberg AS SELECT id FROM range(10)")
    assert spark.sql(f"SELECT sum(id) AS s FROM {table}").collect()[0].s == 45
    spark.sql(f"CREATE OR REPLACE TABLE {table}2 USING iceberg PARTITIONED BY (bucket(4, id)) AS SELECT id FROM {table}")
    assert spark.sql(f"SELECT count(*) AS n FROM {table}2").collect()[0].n == 10


@pytest.mark.parametrize("catalog", ["signed", "vended"])
@pytest.mark.parametrize("stage, part", [("data", ".parquet"), ("manifest", "-m0.avro")], ids=["data", "manifest"])
def test_a_server_killed_while_spark_makes_a_table_costs_no_row(lake, vending, spark, catalog, stage, part):
    served = lake if catalog == "signed" else vending
    restarts = []
    served.store.before_put = [(part, lambda: restarts.append(served.start_anew()))]
    table = f"{catalog}.sales.killed_at_{stage}"
    spark.sql(f"CREATE TABLE {table} USING iceberg AS SELECT id FROM range(1000)")
    assert len(restarts) == 1
    assert spark.sql(f"SELECT count(DISTINCT id) AS n FROM {table}").collect()[0].n == 1000
