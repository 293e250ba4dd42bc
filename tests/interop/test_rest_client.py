"""Firn as a client of REST catalogs: its own server and the Java reference, with PyIceberg beside it.

What could go wrong in production: a table that Firn writes through somebody's catalog is not what others
read there; a schema or a setting is lost on the way; two writers lose each other's rows.
"""
import concurrent.futures

import pytest

from support import weed
from support.catalog import Catalog
from support.lake_desk import expected_row
from support.rest_lake import RestProject, ids_of, java_reference


@pytest.fixture(scope="module", params=["firn", "java"])
def peer(request, tmp_path_factory):
    """(uri, warehouse folder)"""
    folder = tmp_path_factory.mktemp("peer")
    if request.param == "java":
        with java_reference(folder) as uri:
            yield uri, folder / "lake"
    else:
        with Catalog(folder) as catalog:
            yield catalog.url, catalog.warehouse


@pytest.fixture
def project(tmp_path, peer):
    uri, warehouse = peer
    made = RestProject(tmp_path, {"uri": uri}, warehouse)
    made.uri, made.warehouse = uri, warehouse
    made.table = "sales." + tmp_path.name.replace("-", "_")[:60]
    return made


def others(project):
    from pyiceberg.catalog import load_catalog
    return load_catalog("peer", type="rest", uri=project.uri)


def seen_by_others(project):
    rows = others(project).load_table(project.table).scan(selected_fields=("Id",)).to_arrow()
    return sorted(rows.column("Id").to_pylist())


def test_what_is_loaded_and_merged_is_what_others_read(project):
    assert project.load(range(0, 50), table=project.table).code == 0
    done = project.load(range(30, 70), "--key", "Id", table=project.table, mode="upsert")
    assert done.code == 0, done
    assert project.ids(project.table) == seen_by_others(project) == ids_of(range(70))
    row = others(project).load_table(project.table).scan(
        row_filter=f"Id = '{expected_row(41)['Id']}'").to_arrow().to_pylist()[0]
    wanted = expected_row(41)
    assert {key: row[key] for key in wanted} == wanted


def test_settings_history_and_maintenance_go_through_the_catalog(project):
    for start in range(0, 60, 10):
        assert project.load(range(start, start + 10), table=project.table).code == 0
    project.good("lake", "set", project.table, "owner=sales")
    assert others(project).load_table(project.table).properties["owner"] == "sales"
    assert len(project.history(project.table)) == 6
    done = project.json("lake", "maintain", "--table", project.table, "--keep", "1")["rows"][0]
    assert done["files_after"] == 1 and done["snapshots_expired"] >= 6, done
    assert seen_by_others(project) == ids_of(range(60))
    assert project.table in [row["table"] for row in project.json("lake", "list")["rows"]]


def test_rows_of_two_processes_and_pyiceberg_are_all_there(project):
    assert project.load(range(0, 10), table=project.table).code == 0
    one = others(project).load_table(project.table).scan(limit=1).to_arrow()

    def by_firn(worker):
        mine = RestProject(project.folder / f"worker{worker}", {"uri": project.uri},
                           project.warehouse)
        for number in range(4):
            n = 100 * (worker + 1) + number
            done = mine.load([n], table=project.table)
            assert done.code == 0, done

    def by_pyiceberg():
        from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException
        added = 0
        for number in range(4):
            row = one.set_column(0, one.schema.field(0), [[expected_row(900 + number)["Id"]]])
            for _ in range(40):
                try:
                    others(project).load_table(project.table).append(row)
                    added += 1
                    break
                except (CommitFailedException, CommitStateUnknownException):
                    continue
        return added

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        firns = [pool.submit(by_firn, worker) for worker in range(2)]
        added = pool.submit(by_pyiceberg).result()
        for each in firns:
            each.result()
    wanted = [*range(10), *range(100, 104), *range(200, 204), *range(900, 900 + added)]
    assert project.ids(project.table) == ids_of(wanted)
    assert len(project.history(project.table)) == 1 + 8 + added


def test_a_table_that_others_made_is_written(project):
    import pyarrow as pa
    catalog = others(project)
    catalog.create_namespace_if_not_exists("sales")
    made = catalog.create_table(project.table, pa.schema([pa.field("Id", pa.string()),
                                                          pa.field("Name", pa.string())]))
    for name in "abcdef":
        made.append(pa.table({"Id": [name], "Name": ["x"]}))
    project.good("lake", "maintain", "--table", project.table, "--only", "compact")
    assert seen_by_others(project) == project.ids(project.table) == list("abcdef")
    assert len(list(catalog.load_table(project.table).scan().plan_files())) == 1


def test_what_needs_an_embedded_catalog_says_so(project):
    refused = project.firn("lake", "serve", "--port", "0")
    assert refused.code != 0 and "CLI-LAKE-001" in refused.err, refused


def test_seaweedfs_keeps_the_tables_on_s3(tmp_path):
    folder = tmp_path / "weed"
    folder.mkdir()
    with weed.running(folder, table_bucket="warehouse") as environment:
        project = RestProject(tmp_path / "project", {
            "uri": environment["ICEBERG_URI"], "warehouse": "s3://warehouse/", "credential": "${env:CLIENT}"},
            environment={**environment, "CLIENT": f"{weed.KEY}:{weed.SECRET}"})
        for start in (0, 20):
            done = project.load(range(start, start + 20), table="sales.deal")
            assert done.code == 0, done
        done = project.load(range(30, 50), "--key", "Id", table="sales.deal", mode="upsert")
        assert done.code == 0, done
        assert project.ids("sales.deal") == ids_of(range(50))
        assert project.json("lake", "show", "sales.deal")["metadata"].startswith("s3://")
