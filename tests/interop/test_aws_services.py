"""CloudWatch, KMS, Glue, S3 buckets and S3 Tables as our client calls them, served by moto.

What could go wrong in production: a metric that the alarm watches has another name or dimension; a table
registered in Glue that no engine can read; a change of somebody else written over.
"""

import datetime
import functools
import json
import os
import pathlib
import subprocess

import pytest

from support import moto

CALLS = pathlib.Path(os.environ["FIRN_BIN"]).parents[1] / "src/ends/aws/aws_calls"


@pytest.fixture(scope="module")
def aws():
    with moto.running() as environment:
        yield environment


@pytest.fixture
def ask(aws):
    def all_of(*asked, **more):
        done = subprocess.run([CALLS], input="".join(json.dumps(each) + "\n" for each in asked), text=True,
                              capture_output=True, check=True, env={**os.environ, **aws, **more})
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(answers) == len(asked), done.stderr
        return answers if len(answers) > 1 else answers[0]
    return all_of


def test_metric_values_arrive_under_their_dimension_in_calls_of_a_thousand(aws, ask):
    assert ask({"op": "cloudwatch.put", "count": 1200}) == {}
    now = datetime.datetime.now(datetime.timezone.utc)
    found = moto.client(aws, "cloudwatch").get_metric_statistics(
        Namespace="Firn/Salesforce", MetricName="DailyApiRequests.Used",
        Dimensions=[{"Name": "Org", "Value": "prod"}], StartTime=now - datetime.timedelta(hours=1),
        EndTime=now + datetime.timedelta(hours=1), Period=86400, Statistics=["SampleCount", "Maximum"])
    assert [(point["SampleCount"], point["Maximum"]) for point in found["Datapoints"]] == [(1200, 1199)]


def test_a_key_describes_encrypts_and_decrypts_only_in_its_context(aws, ask):
    key = moto.client(aws, "kms").create_key()["KeyMetadata"]["KeyId"]
    described, made = ask({"op": "kms.describe", "key": key}, {"op": "kms.data_key", "key": key,
                                                              "context": {"org": "prod"}})
    assert described["state"] == "Enabled" and key in described["arn"]
    assert made == {"bytes": 32, "decrypts": True}
    sealed = ask({"op": "kms.encrypt", "key": key, "plain": "salt", "context": {"org": "prod"}})
    opened, refused = ask({"op": "kms.decrypt", "ciphertext": sealed["ciphertext"], "context": {"org": "prod"}},
                          {"op": "kms.decrypt", "ciphertext": sealed["ciphertext"], "context": {"org": "x"}})
    assert opened == {"plain": "salt"}
    assert refused["error"].startswith("AWS-CALL-")
    assert ask({"op": "kms.describe", "key": "alias/nowhere"})["kind"] == "NotFound"


def test_a_bucket_tells_its_region_and_how_it_encrypts(aws, ask):
    s3 = moto.client(aws, "s3")
    for name in ("plain", "sealed"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_bucket_encryption(Bucket="sealed", ServerSideEncryptionConfiguration={"Rules": [
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/lake"}}]})
    head, location, sealed, missing = ask(
        {"op": "s3.head", "bucket": "plain"}, {"op": "s3.location", "bucket": "plain"},
        {"op": "s3.encryption", "bucket": "sealed"}, {"op": "s3.head", "bucket": "nowhere"})
    assert head["region"] == location["region"] == "eu-central-1"
    assert sealed == {"algorithm": "aws:kms", "key": "alias/lake"}
    assert missing["kind"] == "NotFound"


def test_a_table_registered_in_glue_is_an_iceberg_table_to_others(aws, ask):
    table = {"database": "sales", "name": "account", "location": "s3://lake/sales/account"}
    assert ask({"op": "glue.create", "metadata": "s3://lake/m1.json", **table}) == {}
    again = ask({"op": "glue.create", "metadata": "s3://lake/m1.json", **table})
    assert again["kind"] == "Conflict"
    before = ask({"op": "glue.update", "metadata": "s3://lake/m2.json", **table})
    assert before["metadata"] == "s3://lake/m1.json"
    seen = moto.client(aws, "glue").get_table(DatabaseName="sales", Name="account")["Table"]
    assert seen["Parameters"] == {"table_type": "ICEBERG", "metadata_location": "s3://lake/m2.json",
                                  "previous_metadata_location": "s3://lake/m1.json"}
    assert [column["Name"] for column in seen["StorageDescriptor"]["Columns"]] == ["id", "amount"]
    gone, twice, missing = ask({"op": "glue.delete", **table}, {"op": "glue.delete", **table},
                               {"op": "glue.get", **table})
    assert gone == twice == {} and missing["kind"] == "NotFound"


def test_a_table_of_another_kind_in_glue_is_left_alone(aws, ask):
    glue = moto.client(aws, "glue")
    glue.create_database(DatabaseInput={"Name": "hive"})
    glue.create_table(DatabaseName="hive", TableInput={"Name": "old", "Parameters": {"x": "y"}})
    refused = ask({"op": "glue.update", "database": "hive", "name": "old", "metadata": "s3://lake/m.json"})
    assert refused["error"] == "AWS-GLUE-001"


def test_an_s3_table_takes_a_commit_from_its_newest_version_only(ask):
    ask = functools.partial(ask, AWS_REGION="us-east-1")  # moto has S3 Tables in a few regions only
    arn = ask({"op": "s3tables.bucket", "name": "lakebucket"})["arn"]
    name = {"arn": arn, "ns": "sales", "name": "account"}
    assert ask({"op": "s3tables.create", **name})["token"]
    found = ask({"op": "s3tables.get", **name})
    assert found["warehouse"].startswith("s3://") and found["metadata"] == ""
    first = found["warehouse"] + "/metadata/00001.metadata.json"
    done = ask({"op": "s3tables.update", "token": found["token"], "metadata": first, **name})
    assert done["token"] and ask({"op": "s3tables.get", **name})["metadata"] == first
    stale = ask({"op": "s3tables.update", "token": found["token"], "metadata": first, **name})
    assert stale["kind"] == "Conflict", stale
    assert ask({"op": "s3tables.get", **name, "name": "nowhere"})["kind"] == "NotFound"
