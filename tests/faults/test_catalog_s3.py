"""The catalog server over a warehouse on S3, with a door before the bucket that fails on purpose: tables registered,
dropped and purged, commits whose metadata does not get there.

What could go wrong in production: a purge takes another table's files or leaves half of its own unsaid, a
registration leads out of the warehouse, a commit is true though its metadata is not there.
"""

import json

import pyarrow as pa
import pytest

from support import moto, weed
from support.aws_faults import before
from support.catalog import Catalog, snapshot, table_path

SCHEMA = pa.schema([pa.field("id", pa.int64()), pa.field("data", pa.string())])
ROWS = pa.table({"id": [1, 2, 3], "data": ["a", "b", "c"]}, schema=SCHEMA)


@pytest.fixture(scope="module", params=["moto", "seaweedfs"])
def store(request, tmp_path_factory):
    service = moto.running() if request.param == "moto" else weed.running(tmp_path_factory.mktemp("weed"))
    with service as environment, before(environment) as (door, through):
        for bucket in ("lake", "other"):
            moto.make_bucket(environment, bucket)
        yield environment, door, through


@pytest.fixture(scope="module")
def served(store, tmp_path_factory):
    environment, door, through = store
    folder = tmp_path_factory.mktemp("catalog")
    with Catalog(folder, "--warehouse", "s3://lake/tables", "--catalog", folder / "catalog.db",
                 environment=through) as catalog:
        catalog.make_namespace("n")
        catalog.s3 = moto.client(environment, "s3")
        catalog.door = door
        catalog.store = environment
        yield catalog


@pytest.fixture
def catalog(served):
    served.door.clear()
    return served


def others(catalog):
    from pyiceberg.catalog import load_catalog
    keys = catalog.store
    return load_catalog("n", **{
        "type": "rest", "uri": catalog.url, "s3.endpoint": keys["AWS_ENDPOINT_URL"], "s3.region": keys["AWS_REGION"],
        "s3.access-key-id": keys["AWS_ACCESS_KEY_ID"], "s3.secret-access-key": keys["AWS_SECRET_ACCESS_KEY"]})


def keys_below(catalog, prefix):
    pages = catalog.s3.get_paginator("list_objects_v2").paginate(Bucket="lake", Prefix=prefix)
    return [found["Key"] for page in pages for found in page.get("Contents", [])]


def made(catalog, name, times=2):
    """A table with `times` snapshots; its location's key."""
    table = others(catalog).create_table(f"n.{name}", SCHEMA)
    for _ in range(times):
        table.append(ROWS)
    return table.location().split("s3://lake/")[1] + "/"


def register(catalog, name, location, **more):
    return catalog.ask("POST", "/namespaces/n/register", {"name": name, "metadata-location": location, **more})


def test_a_dropped_table_is_registered_again_with_its_rows(catalog):
    prefix = made(catalog, "back")
    told = catalog.table("n", "back")
    catalog.good("DELETE", table_path("n", "back"))
    assert catalog.ask("GET", table_path("n", "back")).status == 404
    assert keys_below(catalog, prefix), "a drop without purge leaves the files"
    again = register(catalog, "back", told["metadata-location"])
    assert again.status == 200 and again.json["metadata"] == told["metadata"], again
    assert others(catalog).load_table("n.back").scan().to_arrow().num_rows == 6
    others(catalog).load_table("n.back").append(ROWS)
    assert others(catalog).load_table("n.back").scan().to_arrow().num_rows == 9


def test_a_name_is_pointed_at_an_older_state_only_when_told_to(catalog):
    made(catalog, "older", times=1)
    older = catalog.table("n", "older")["metadata-location"]
    others(catalog).load_table("n.older").append(ROWS)
    assert register(catalog, "older", older).status == 409
    over = register(catalog, "older", older, overwrite=True)
    assert over.status == 200, over
    assert others(catalog).load_table("n.older").scan().to_arrow().num_rows == 3


@pytest.mark.parametrize("location, status", [
    ("s3://lake/tables/n/nowhere/metadata/00000-x.metadata.json", (400, 404)),
    ("s3://other/tables/n/t/metadata/00000-x.metadata.json", (400, 403)),
    ("s3://lake/outside/metadata/00000-x.metadata.json", (400, 403)),
    ("s3://lake/tables/../outside/x.metadata.json", (400, 403)),
    ("file:///etc/passwd", (400, 403))])
def test_what_is_no_metadata_of_this_warehouse_is_not_registered(catalog, location, status):
    refused = register(catalog, "wrong", location)
    assert refused.status in status and refused.json["error"]["message"], refused
    assert catalog.ask("GET", table_path("n", "wrong")).status == 404


def test_metadata_that_names_another_place_is_not_registered(catalog):
    made(catalog, "guest", times=1)
    metadata = {**catalog.table("n", "guest")["metadata"], "location": "s3://other/tables/n/guest"}
    catalog.s3.put_object(Bucket="lake", Key="tables/n/guest2/metadata/x.metadata.json", Body=json.dumps(metadata).encode())
    refused = register(catalog, "guest2", "s3://lake/tables/n/guest2/metadata/x.metadata.json")
    assert refused.status in (400, 403), refused
    catalog.s3.put_object(Bucket="lake", Key="tables/n/guest2/metadata/y.metadata.json", Body=b"{cut short")
    refused = register(catalog, "guest2", "s3://lake/tables/n/guest2/metadata/y.metadata.json")
    assert refused.status in (400, 500) and refused.json["error"]["message"], refused


def test_a_purge_removes_every_file_of_the_table_and_none_of_others(catalog):
    prefix = made(catalog, "gone", times=3)
    neighbour = made(catalog, "gone2")  # its key begins with the other's name
    kept = keys_below(catalog, neighbour)
    catalog.s3.put_object(Bucket="lake", Key=prefix + "data/of-somebody-else.parquet", Body=b"x")
    catalog.good("DELETE", table_path("n", "gone") + "?purgeRequested=true")
    left = keys_below(catalog, prefix)
    assert left == [prefix + "data/of-somebody-else.parquet"], "what no snapshot lists is not taken"
    assert keys_below(catalog, neighbour) == kept
    assert others(catalog).load_table("n.gone2").scan().to_arrow().num_rows == 6


def test_a_purge_goes_on_through_slow_down_and_a_lost_answer(catalog):
    prefix = made(catalog, "storm")
    catalog.door.fault("status", method="DELETE", times=2, status=503, code="SlowDown")
    catalog.door.fault("lost", method="DELETE", after=1)
    catalog.good("DELETE", table_path("n", "storm") + "?purgeRequested=true")
    assert "status" in catalog.door.struck and "lost" in catalog.door.struck
    assert keys_below(catalog, prefix) == []


def test_a_purge_that_s3_refuses_drops_the_table_and_tells_the_log(catalog):
    prefix = made(catalog, "stuck", times=1)
    catalog.door.fault("status", method="DELETE", times=1000, status=403, code="AccessDenied")
    catalog.good("DELETE", table_path("n", "stuck") + "?purgeRequested=true")
    assert catalog.ask("GET", table_path("n", "stuck")).status == 404
    assert keys_below(catalog, prefix)
    assert "file_not_removed" in catalog.output() or "purge_stopped" in catalog.output()


FAULTS = {
    "put failing half-way": {"effect": "cut", "method": "PUT", "part": ".metadata.json"},
    "answer of the metadata lost": {"effect": "lost", "method": "PUT", "part": ".metadata.json", "times": 2},
    "slow": {"effect": "slow", "method": "PUT", "part": ".metadata.json", "seconds": 2},
    "503 SlowDown": {"effect": "status", "method": "PUT", "part": ".metadata.json", "status": 503, "code": "SlowDown",
                     "times": 2},
    "500 InternalError": {"effect": "status", "method": "GET", "part": ".metadata.json", "status": 500,
                          "code": "InternalError", "times": 2},
    "expired credentials": {"effect": "status", "method": "PUT", "part": ".metadata.json", "status": 400,
                            "code": "ExpiredToken"},
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_s3_costs_a_commit_time_and_nothing_else(catalog, name):
    table = "fault_" + name.split()[-1].replace("-", "_").lower()
    catalog.make_table("n", table)
    catalog.door.fault(**FAULTS[name])
    if FAULTS[name]["method"] == "GET":
        catalog.process.terminate()  # what it knows by heart is read anew
        catalog.process.wait(60)
        catalog.start()
        catalog.door.fault(**FAULTS[name])
        assert catalog.table("n", table)["metadata"]["table-uuid"]
    answer = catalog.ask("POST", table_path("n", table), {"requirements": [], "updates": snapshot(1)})
    assert answer.status == 200, answer
    assert catalog.door.struck, "the fault never struck"
    told = catalog.table("n", table)
    assert [each["snapshot-id"] for each in told["metadata"]["snapshots"]] == [1001]
    key = told["metadata-location"].split("s3://lake/")[1]
    assert json.loads(catalog.s3.get_object(Bucket="lake", Key=key)["Body"].read())["current-snapshot-id"] == 1001


def test_a_bucket_that_stays_away_leaves_the_table_as_it_was(catalog):
    catalog.make_table("n", "away")
    before_that = catalog.table("n", "away")
    catalog.door.fault("status", method="PUT", times=1000, status=503, code="SlowDown")
    answer = catalog.ask("POST", table_path("n", "away"), {"requirements": [], "updates": snapshot(1)})
    assert answer.status in (429, 500, 503), answer
    catalog.door.clear()
    assert catalog.table("n", "away") == before_that
    done = catalog.ask("POST", table_path("n", "away"), {"requirements": [], "updates": snapshot(1)})
    assert done.status == 200, done
