"""A warehouse on S3, served by moto and by SeaweedFS, with a door before it that fails on purpose.

What could go wrong in production: a put that failed half-way leaves a file that a snapshot lists; an answer
that was lost makes the same rows twice; a slow or throttling bucket ends a night's export; credentials
expire in the middle of an upload.
"""

import hashlib
import json
import pathlib

import pytest

from support import moto, weed
from support.aws_faults import before
from support.firn import Project

ROWS = 400
# Two objects: at least two data files, however the pages fall to the lanes.
PAGE = ("Account", "Contact", "--page-rows", "100", "--file-size", "1")
TABLES = ("salesforce.Account", "salesforce.Contact")
RECORDS = {"Account": ROWS, "Contact": 50}


@pytest.fixture(scope="module", params=["moto", "seaweedfs"])
def aws(request, tmp_path_factory):
    service = moto.running() if request.param == "moto" else weed.running(tmp_path_factory.mktemp("weed"))
    with service as environment:
        yield environment


# What only moto plays: regions, KMS, STS.
only_moto = pytest.mark.parametrize("aws", ["moto"], indirect=True)


@pytest.fixture(scope="module")
def door_and_environment(aws):
    with before(aws) as made:
        yield made


class Lake:
    def __init__(self, tmp_path, org, aws, door, environment):
        self.org = org
        self.door = door
        self.environment = environment
        self.s3 = moto.client(aws, "s3")
        self.bucket = "lake-" + tmp_path.name.replace("_", "-").lower()[:50].strip("-")
        moto.make_bucket(aws, self.bucket)
        self.project = Project(tmp_path / "project", org)
        config = self.project.folder / "firn.yaml"
        config.write_text(config.read_text().replace("warehouse: lake", f"warehouse: s3://{self.bucket}/tables")
                          + "objects:\n  - {name: all, lag: 0s}\n")
        door.clear()

    def firn(self, *words, **more):
        return self.project.firn(*words, **{**self.environment, **more})

    def export(self, *words, **more):
        return self.firn("export", "run", *words, **more)

    def rows(self, table="salesforce.Account"):
        read = self.firn("lake", "rows", table, "--json")
        assert read.code == 0, read
        rows = [json.loads(line)["row"] for line in read.out.splitlines() if line.strip()]
        assert len({row["Id"] for row in rows}) == len(rows), "a row twice"
        return rows

    def keys(self):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def unlisted(self):
        """Data files in the bucket that no table's snapshot lists, and what waits here."""
        listed = {row["path"].split("/")[-1] for table in TABLES
                  for row in self.firn("lake", "files", table, "--json").json()["rows"]}
        spool = self.project.folder / ".firn/spool"
        waiting = [path.name for path in spool.rglob("*.parquet")] if spool.exists() else []
        return [key for key in self.keys() if key.endswith(".parquet")
                and key.split("/")[-1] not in listed] + waiting


@pytest.fixture
def lake(tmp_path, org, aws, door_and_environment):
    door, environment = door_and_environment
    return Lake(tmp_path, org, aws, door, environment)


def test_an_export_lands_on_s3_is_merged_maintained_and_read_back(lake):
    done = lake.export(*PAGE, "--mode", "incremental", "--verify", "full")
    assert done.code == 0, done
    assert len(lake.rows()) == lake.org.rows_of("Account")
    made = lake.org.create("Account", Name="Nordwind")
    lake.org.ask("POST", "clock", {"advance_seconds": 2})
    done = lake.export("Account", "--mode", "incremental")
    assert done.code == 0, done
    assert made[:15] in {row["Id"][:15] for row in lake.rows()}
    assert lake.firn("export", "verify", "--deep").code == 0
    done = lake.firn("lake", "maintain")
    assert done.code == 0, done
    assert len(lake.rows()) == lake.org.rows_of("Account")
    assert {key.split("/")[0] for key in lake.keys()} == {"tables"}
    assert not (lake.project.folder / "lake").exists()


def test_others_read_the_same_table(lake):
    assert lake.export(*PAGE).code == 0
    from pyiceberg.table import StaticTable
    metadata = lake.firn("lake", "show", "salesforce.Account", "--json").json()["metadata"]
    read = StaticTable.from_metadata(metadata, properties={
        "s3.endpoint": lake.environment["AWS_ENDPOINT_URL"], "s3.access-key-id": lake.environment["AWS_ACCESS_KEY_ID"],
        "s3.secret-access-key": lake.environment["AWS_SECRET_ACCESS_KEY"], "s3.region": lake.environment["AWS_REGION"],
        "py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO"}).scan().to_arrow()
    assert read.num_rows == lake.org.rows_of("Account")


FAULTS = {
    "put failing half-way": {"effect": "cut", "method": "PUT", "part": ".parquet", "after": 1},
    "answer of a put lost": {"effect": "lost", "method": "PUT", "part": ".parquet"},
    "answer of the metadata lost": {"effect": "lost", "method": "PUT", "part": ".metadata.json", "times": 2},
    "slow": {"effect": "slow", "method": "PUT", "part": ".parquet", "seconds": 2},
    "503 SlowDown": {"effect": "status", "method": "PUT", "part": "tables", "status": 503, "code": "SlowDown",
                     "times": 3},
    "500 InternalError": {"effect": "status", "method": "GET", "part": "tables", "status": 500,
                          "code": "InternalError", "times": 2},
    "expired credentials in mid-upload": {"effect": "status", "method": "PUT", "part": ".parquet", "after": 1,
                                          "status": 400, "code": "ExpiredToken"},
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_s3_costs_time_and_no_rows(lake, name):
    lake.door.fault(**FAULTS[name])
    done = lake.export(*PAGE, "--verify", "full")
    assert done.code == 0, done
    assert lake.door.struck, "the fault never struck"
    lake.door.clear()
    assert len(lake.rows()) == lake.org.rows_of("Account")
    assert lake.unlisted() == []


def test_a_bucket_that_stays_away_fails_the_run_and_resume_ends_it(lake):
    lake.door.fault("status", method="PUT", part=".parquet", times=1000, status=503, code="SlowDown", after=1)
    failed = lake.export(*PAGE)
    assert failed.code == 5 and "AWS-CALL-003" in failed.err, failed
    lake.door.clear()
    done = lake.firn("export", "resume")
    assert done.code == 0, done
    assert len(lake.rows()) == lake.org.rows_of("Account")
    assert lake.unlisted() == []


@pytest.mark.parametrize("point", ["lake.s3.before_send", "lake.s3.sent", "lake.s3.sent:2",
                                   "exports.file.closed", "exports.commit.before", "lake.commit.before_catalog"])
def test_killed_while_it_sends_the_run_resumes_to_the_same_rows(lake, point):
    killed = lake.export(*PAGE, FIRN_FAULT_POINT=point)
    assert killed.code == -9, killed
    done = lake.firn("export", "resume")
    assert done.code == 0, done
    assert len(lake.rows()) == lake.org.rows_of("Account")
    assert lake.unlisted() == []


def fetched(org):
    """Requests for the bytes of a file."""
    return sum(line["path"].endswith("/VersionData") for line in org.requests(100_000))


@pytest.mark.parametrize("point", [None, "lake.s3.before_send:3", "lake.s3.sent:3"])
def test_blobs_are_fetched_into_the_bucket_and_none_is_asked_for_twice(lake, point):
    lake.org.seed("ContentVersion", 5)
    count = lake.org.rows_of("ContentVersion")
    config = lake.project.folder / "firn.yaml"
    config.write_text(config.read_text() + "  - {name: ContentVersion, blobs: fetch}\n")
    before = fetched(lake.org)
    if point:
        killed = lake.export("ContentVersion", FIRN_FAULT_POINT=point)
        assert killed.code == -9, killed
        done = lake.firn("export", "resume")
    else:
        done = lake.export("ContentVersion")
    assert done.code == 0, done
    assert fetched(lake.org) - before == count
    rows = lake.rows("salesforce.ContentVersion")
    assert len(rows) == count
    for row in rows:
        bucket, _, key = row["VersionData"].removeprefix("s3://").partition("/")
        assert bucket == lake.bucket and key.endswith(row["Id"])
        data = lake.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        if row.get("ContentSize"):
            assert len(data) == row["ContentSize"]
    spool = lake.project.folder / ".firn"
    left = [path for path in spool.rglob("*") if path.is_file() and "VersionData" in str(path)]
    assert left == [], "what was sent stays on this machine"


def test_a_blob_whose_put_fails_half_way_is_sent_again(lake):
    lake.org.seed("ContentVersion", 2)
    config = lake.project.folder / "firn.yaml"
    config.write_text(config.read_text() + "  - {name: ContentVersion, blobs: fetch}\n")
    lake.door.fault("status", method="PUT", part="VersionData", times=2, status=503, code="SlowDown")
    lake.door.fault("cut", method="PUT", part="VersionData")
    done = lake.export("ContentVersion")
    assert done.code == 0, done
    assert len([key for key in lake.keys() if "/VersionData/" in key]) == lake.org.rows_of("ContentVersion")


@only_moto
def test_a_missing_bucket_and_one_of_another_region_are_told(lake):
    config = lake.project.folder / "firn.yaml"
    elsewhere = lake.firn("lake", "list", AWS_REGION="eu-west-3")
    assert elsewhere.code == 2 and "LAKE-STORE-005" in elsewhere.err and "eu-central-1" in elsewhere.err, elsewhere
    config.write_text(config.read_text().replace(f"s3://{lake.bucket}", "s3://no-such-bucket-here"))
    missing = lake.firn("lake", "list")
    assert missing.code == 1 and "LAKE-STORE-008" in missing.err, missing


@only_moto
def test_a_bucket_that_moved_to_another_region_is_told_in_mid_run(lake):
    lake.door.fault("status", method="PUT", part=".parquet", times=50, status=301, code="PermanentRedirect")
    moved = lake.export(*PAGE)
    assert moved.code == 2 and "LAKE-STORE-005" in moved.err and "AWS_REGION" in moved.err, moved


def test_refused_credentials_are_told(lake):
    lake.door.fault("status", times=50, status=403, code="AccessDenied")
    refused = lake.firn("lake", "list")
    assert refused.code == 4 and "AWS-CALL-002" in refused.err, refused


@only_moto
def test_doctor_looks_at_the_identity_and_the_buckets_encryption(lake):
    def finding(check):
        found = lake.firn("doctor", check, "--json").json()["checks"]
        return next(line for line in found if line["check"] == check)
    assert finding("aws")["status"] == "ok" and "account" in finding("aws")["fact"]
    assert finding("bucket")["status"] == "warn"
    lake.s3.put_bucket_encryption(Bucket=lake.bucket, ServerSideEncryptionConfiguration={"Rules": [
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/lake"}}]})
    assert finding("bucket")["status"] == "ok" and "alias/lake" in finding("bucket")["fact"]
    assert finding("lake")["status"] == "ok"


def test_large_files_go_in_parts(lake, tmp_path):
    lines = ["Id,Text"] + [f"{n:015d}AAA,{n * 7919 % 1000003:x}{n * 104729 % 999983:x}{hashlib.sha256(b'%d' % n).hexdigest()}"
                           for n in range(1_500_000)]
    source = pathlib.Path(tmp_path / "large.csv")
    source.write_text("\n".join(lines) + "\n")
    describe = {"name": "Large", "fields": [
        {"name": "Id", "type": "id", "length": 18, "nillable": False},
        {"name": "Text", "type": "string", "length": 255, "nillable": True}]}
    (tmp_path / "describe.json").write_text(json.dumps(describe))
    done = lake.firn("lake", "import", "--table", "files.Large", "--describe", str(tmp_path / "describe.json"), "--pages",
                     str(source))
    assert done.code == 0, done
    assert any("uploadId=" in path for _, path in lake.door.seen), "no multipart upload"
    counted = lake.firn("lake", "show", "files.Large", "--json").json()
    assert "1500000" in json.dumps(counted)
