"""AWS on this machine: moto's server, as an environment for firn and for boto3."""

import contextlib

import boto3

from support import aws


@contextlib.contextmanager
def running():
    """The environment of a client of it."""
    with aws.moto() as url:
        yield aws.environment(all=url)


def make_bucket(environment, name):
    """In the region of the environment, which S3 wants named unless it is the first one."""
    region = environment["AWS_REGION"]
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    client(environment, "s3").create_bucket(Bucket=name, **place)


def client(environment, service):
    return boto3.client(service, endpoint_url=environment["AWS_ENDPOINT_URL"],
                        region_name=environment["AWS_REGION"], aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
                        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"])
