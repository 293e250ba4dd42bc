"""Tables mirrored into a second catalog: another Firn server, the Java reference, Glue as moto plays it.

What could go wrong in production: engines that read over there miss the newest rows and nobody knows; a
table of somebody else is written over; a run killed in between leaves the mirror behind for ever.
"""
import pytest

from support import moto
from support.catalog import Catalog
from support.rest_lake import RestProject, ids_of, java_reference


@pytest.fixture(params=["firn", "java"])
def there(request, tmp_path):
    """The second catalog's URI."""
    lake = tmp_path / "project" / "lake"
    lake.mkdir(parents=True)
    if request.param == "java":
        with java_reference(tmp_path / "there") as uri:
            yield uri
    else:
        with Catalog(tmp_path / "there", "--allow-location", lake) as catalog:
            yield catalog.url


@pytest.fixture
def project(tmp_path, there):
    return RestProject(tmp_path / "project", warehouse=tmp_path / "project" / "lake",
                       mirrors=[{"name": "second", "rest": {"uri": there}, "namespace": "copy"}])


def ids_there(uri, table="copy.Deal"):
    from pyiceberg.catalog import load_catalog
    rows = load_catalog("there", type="rest", uri=uri).load_table(table).scan().to_arrow()
    return sorted(rows.column("Id").to_pylist())


def plan(project):
    return project.json("lake", "mirror", "--plan")["rows"][0]


def test_a_mirror_is_registered_kept_current_and_says_how_far_behind(project, there):
    assert project.load(range(0, 5)).code == 0
    assert plan(project)["state"] == "missing"
    assert project.firn("lake", "mirror", "--plan", "--exit-code").code == 3
    assert project.json("lake", "mirror")["rows"][0]["state"] == "registered"
    assert ids_there(there) == ids_of(range(5))
    for start in (5, 10):
        assert project.load(range(start, start + 5)).code == 0
    behind = plan(project)
    assert (behind["state"], behind["commits_behind"]) == ("behind", 2), behind
    assert ids_there(there) == ids_of(range(5))
    assert project.json("lake", "mirror")["rows"][0]["state"] == "updated"
    assert ids_there(there) == ids_of(range(15))
    assert project.json("lake", "mirror")["rows"][0]["state"] == "current"
    assert project.firn("lake", "mirror", "--plan", "--exit-code").code == 0


def test_a_mirror_does_not_show_snapshots_that_an_erasure_let_go(project, there):
    for start in (0, 5):
        assert project.load(range(start, start + 5)).code == 0
    assert project.json("lake", "mirror")["rows"][0]["state"] == "registered"
    forgotten = ids_of(range(10))[3]
    done = project.firn("lake", "forget", forgotten, "--yes")
    assert done.code == 0, done
    assert plan(project)["state"] == "current"
    assert ids_there(there) == [id_ for id_ in ids_of(range(10)) if id_ != forgotten]


@pytest.mark.parametrize("point", ["before_register", "before_update", "after_update"])
def test_a_mirror_killed_on_the_way_is_repaired_by_the_next_run(project, there, point):
    assert project.load(range(0, 5)).code == 0
    if point != "before_register":
        project.good("lake", "mirror")
        assert project.load(range(5, 8)).code == 0
    killed = project.firn("lake", "mirror", FIRN_FAULT_POINT=f"federation.mirror.{point}")
    assert killed.code == -9, killed
    project.good("lake", "mirror")
    assert ids_there(there) == project.ids()
    assert plan(project)["state"] == "current"


def test_another_table_of_that_name_is_left_alone(project, there):
    import pyarrow as pa
    from pyiceberg.catalog import load_catalog
    other = load_catalog("there", type="rest", uri=there)
    other.create_namespace("copy")
    other.create_table("copy.Deal", pa.schema([pa.field("x", pa.int64())]))
    assert project.load(range(0, 5)).code == 0
    refused = project.firn("lake", "mirror", "--json")
    assert refused.code == 1, refused
    row = refused.json()["rows"][0]
    assert row["state"] == "foreign" and "FED-MIRROR-001" in row["error"], row
    assert other.load_table("copy.Deal").schema().column_names == ["x"]


def test_glue_shows_the_newest_state_and_pyiceberg_reads_it(tmp_path):
    with moto.running() as aws:
        project = RestProject(tmp_path / "project", mirrors=[{"name": "glue", "glue": {}}],
                              warehouse=tmp_path / "project" / "lake", environment=aws)
        assert project.load(range(0, 5)).code == 0
        assert project.json("lake", "mirror")["rows"][0]["state"] == "registered"
        assert project.load(range(5, 9)).code == 0
        assert plan(project)["commits_behind"] == 1
        assert project.json("lake", "mirror")["rows"][0]["state"] == "updated"
        from pyiceberg.catalog import load_catalog
        glue = load_catalog("glue", type="glue", **{
            "glue.endpoint": aws["AWS_ENDPOINT_URL"], "glue.region": aws["AWS_REGION"],
            "glue.access-key-id": "testing", "glue.secret-access-key": "testing"})
        rows = glue.load_table("sales.deal").scan().to_arrow()
        assert sorted(rows.column("Id").to_pylist()) == ids_of(range(9))
        columns = moto.client(aws, "glue").get_table(DatabaseName="sales", Name="deal")["Table"][
            "StorageDescriptor"]["Columns"]
        assert {"Name": "amount", "Type": "decimal(18,2)"}.items() <= next(
            column for column in columns if column["Name"] == "amount").items()
        assert project.json("lake", "mirror")["rows"][0]["state"] == "current"


def test_a_mirror_that_nobody_named_is_told(project):
    refused = project.firn("lake", "mirror", "--name", "secnd")
    assert refused.code != 0 and "did you mean `second`" in refused.err, refused
