"""Events through rules to AWS services that others wrote: moto, ElasticMQ for queues, DynamoDBLocal for tables."""
import json

import pytest

from support import aws
from support.rules import RuleProject, change

ACCOUNT = "123456789012"
ID_ONLY = {"InputPathsMap": {"id": "$.id", "stage": "$.detail.payload.StageName"},
           "InputTemplate": '{"id": <id>, "stage": <stage>}'}


@pytest.fixture(scope="module")
def moto():
    with aws.moto() as url:
        yield url


@pytest.fixture(scope="module")
def elasticmq(tmp_path_factory):
    with aws.elasticmq(tmp_path_factory.mktemp("elasticmq")) as url:
        yield url


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    with aws.dynamodb_local(tmp_path_factory.mktemp("tables")) as url:
        yield url


@pytest.fixture
def project(tmp_path, moto):
    return RuleProject(tmp_path / "project", aws.environment(all=moto))


def drain(sqs, url):
    found = []
    while True:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0,
                                       MessageAttributeNames=["All"]).get("Messages", [])
        if not messages:
            return found
        for message in messages:
            found.append(message)
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def put_all(project, events):
    done = project.put(events)
    assert done.code == 0, (done, project.letters())
    totals = done.json()
    assert totals["delivered"] == totals["deliveries"] > 0, done
    return totals


def test_a_queue_gets_what_the_rule_makes_of_matching_events(project, moto):
    sqs = aws.client("sqs", moto)
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    project.rule("closed", [{"Id": "q", "Arn": f"arn:aws:sqs:{aws.REGION}:{ACCOUNT}:orders",
                             "InputTransformer": ID_ONLY}],
                 {"detail": {"payload": {"StageName": ["Closed Won"]}}})
    put_all(project, [change(1, StageName="Closed Won"), change(2, StageName="Open")])
    assert [json.loads(m["Body"]) for m in drain(sqs, url)] == [{"id": change(1)["id"], "stage": "Closed Won"}]


def test_a_fifo_queue_keeps_the_order_of_a_record_and_takes_each_event_once(tmp_path, elasticmq):
    project = RuleProject(tmp_path / "project", aws.environment(all=elasticmq))
    sqs = aws.client("sqs", elasticmq)
    url = sqs.create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    # ElasticMQ's queues are those of account 000000000000.
    project.rule("all", [{"Id": "q", "Arn": f"arn:aws:sqs:{aws.REGION}:000000000000:orders.fifo",
                          "InputPath": "$.detail.payload.n"}])
    events = [change(n, record=f"00600000000000{n % 3}AAA", n=n) for n in range(60)]
    put_all(project, events)
    again = project.put(events)
    assert again.code == 0 and again.json()["duplicates"] == 60, again
    bodies = [int(m["Body"]) for m in drain(sqs, url)]
    assert sorted(bodies) == list(range(60))
    for record in range(3):
        mine = [n for n in bodies if n % 3 == record]
        assert mine == sorted(mine)


def test_a_topic_hands_on_to_its_queue(project, moto):
    sns, sqs = aws.client("sns", moto), aws.client("sqs", moto)
    topic = sns.create_topic(Name="closed")["TopicArn"]
    url = sqs.create_queue(QueueName="from-topic")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{aws.REGION}:{ACCOUNT}:from-topic",
                  Attributes={"RawMessageDelivery": "true"})
    project.rule("topic", [{"Id": "t", "Arn": topic, "InputTransformer": ID_ONLY}])
    put_all(project, [change(n, StageName="Open") for n in range(25)])
    assert len(drain(sqs, url)) == 25


def test_a_bus_applies_its_own_rules_to_what_it_gets(project, moto):
    events, sqs = aws.client("events", moto), aws.client("sqs", moto)
    bus = events.create_event_bus(Name="orders")["EventBusArn"]
    url = sqs.create_queue(QueueName="from-bus")["QueueUrl"]
    events.put_rule(Name="r", EventBusName="orders", EventPattern=json.dumps(
        {"detail-type": ["OpportunityChangeEvent"], "detail": {"payload": {"StageName": ["Closed Won"]}}}))
    events.put_targets(Rule="r", EventBusName="orders", Targets=[
        {"Id": "q", "Arn": f"arn:aws:sqs:{aws.REGION}:{ACCOUNT}:from-bus"}])
    project.rule("bus", [{"Id": "b", "Arn": bus}])
    put_all(project, [change(1, StageName="Closed Won"), change(2, StageName="Open")])
    [message] = drain(sqs, url)
    body = json.loads(message["Body"])
    assert body["source"] == change(1)["source"]
    assert body["detail"] == change(1, StageName="Closed Won")["detail"]


def test_a_state_machine_is_started_once_for_each_event(project, moto):
    states = aws.client("stepfunctions", moto)
    machine = states.create_state_machine(
        name="fulfil", roleArn=f"arn:aws:iam::{ACCOUNT}:role/r",
        definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}))["stateMachineArn"]
    project.rule("machine", [{"Id": "m", "Arn": machine, "InputTransformer": ID_ONLY}])
    put_all(project, [change(n, StageName="Open") for n in range(3)])
    executions = states.list_executions(stateMachineArn=machine)["executions"]
    assert len(executions) == 3
    assert all(execution["name"].startswith("00000000-0000-4000-8000-") for execution in executions)


def test_items_are_put_updated_and_deleted_by_their_key(tmp_path, tables):
    project = RuleProject(tmp_path / "project", aws.environment(all=tables))
    dynamodb = aws.client("dynamodb", tables)
    dynamodb.create_table(TableName="Orders", KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
                          AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
                          BillingMode="PAY_PER_REQUEST")
    table = f"arn:aws:dynamodb:{aws.REGION}:{ACCOUNT}:table/Orders"

    def rule(name, change_type, operation, template):
        project.rule(name, [{"Id": "t", "Arn": table,
                             "InputTransformer": {"InputPathsMap": {
                                 "id": "$.detail.payload.ChangeEventHeader.recordIds[0]",
                                 "amount": "$.detail.payload.Amount", "stage": "$.detail.payload.StageName"},
                                 "InputTemplate": template},
                             "DynamoDbParameters": {"Operation": operation, "KeyAttributes": ["Id"]}}],
                     {"detail": {"payload": {"ChangeEventHeader": {"changeType": [change_type]}}}})

    rule("put", "CREATE", "PutItem", '{"Id": <id>, "Amount": <amount>, "Stage": <stage>}')
    rule("update", "UPDATE", "UpdateItem", '{"Id": <id>, "Stage": <stage>}')
    rule("delete", "DELETE", "DeleteItem", '{"Id": <id>}')
    put_all(project, [change(1, record="A", change_type="CREATE", Amount=1250.5, StageName="Open"),
                      change(2, record="B", change_type="CREATE", Amount=7, StageName="Open")])
    put_all(project, [change(3, record="A", change_type="UPDATE", StageName="Closed"),
                      change(4, record="B", change_type="DELETE")])
    items = dynamodb.scan(TableName="Orders")["Items"]
    assert items == [{"Id": {"S": "A"}, "Amount": {"N": "1250.5"}, "Stage": {"S": "Closed"}}]


def test_streams_log_groups_and_buckets_take_batches(project, moto):
    kinesis, s3, logs = aws.client("kinesis", moto), aws.client("s3", moto), aws.client("logs", moto)
    kinesis.create_stream(StreamName="changes", ShardCount=1)
    s3.create_bucket(Bucket="archive", CreateBucketConfiguration={"LocationConstraint": aws.REGION})
    logs.create_log_group(logGroupName="/firn/changes")
    project.rule("streams", [
        {"Id": "k", "Arn": f"arn:aws:kinesis:{aws.REGION}:{ACCOUNT}:stream/changes", "InputTransformer": ID_ONLY,
         "KinesisParameters": {"PartitionKeyPath": "$.detail.payload.StageName"}},
        {"Id": "s", "Arn": "arn:aws:s3:::archive/changes", "InputTransformer": ID_ONLY},
        {"Id": "l", "Arn": f"arn:aws:logs:{aws.REGION}:{ACCOUNT}:log-group:/firn/changes:*", "InputTransformer": ID_ONLY}])
    put_all(project, [change(n, StageName="Open") for n in range(30)])
    shard = kinesis.list_shards(StreamName="changes")["Shards"][0]["ShardId"]
    at = kinesis.get_shard_iterator(StreamName="changes", ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    records = kinesis.get_records(ShardIterator=at)["Records"]
    assert len(records) == 30 and records[0]["PartitionKey"] == "Open"
    objects = s3.list_objects_v2(Bucket="archive", Prefix="changes/dt=2026-11-26/")["Contents"]
    lines = b"".join(s3.get_object(Bucket="archive", Key=o["Key"])["Body"].read() for o in objects).splitlines()
    assert len(objects) == 1 and len(lines) == 30
    assert len(logs.get_log_events(logGroupName="/firn/changes", logStreamName="firn-l")["events"]) == 30


def test_firehose_puts_lines_into_its_bucket(project, moto):
    s3, firehose = aws.client("s3", moto), aws.client("firehose", moto)
    s3.create_bucket(Bucket="delivered", CreateBucketConfiguration={"LocationConstraint": aws.REGION})
    firehose.create_delivery_stream(DeliveryStreamName="d", ExtendedS3DestinationConfiguration={
        "RoleARN": f"arn:aws:iam::{ACCOUNT}:role/r", "BucketARN": "arn:aws:s3:::delivered"})
    project.rule("fh", [{"Id": "f", "Arn": f"arn:aws:firehose:{aws.REGION}:{ACCOUNT}:deliverystream/d",
                         "InputTransformer": ID_ONLY}])
    put_all(project, [change(n, StageName="Open") for n in range(5)])
    bodies = b"".join(s3.get_object(Bucket="delivered", Key=o["Key"])["Body"].read()
                      for o in s3.list_objects_v2(Bucket="delivered")["Contents"])
    assert len(bodies.splitlines()) == 5


def test_what_no_target_takes_is_in_the_dead_letter_queue_and_in_the_local_store(project, moto):
    sqs = aws.client("sqs", moto)
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    project.rule("gone", [{"Id": "q", "Arn": f"arn:aws:sqs:{aws.REGION}:{ACCOUNT}:nowhere",
                           "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{aws.REGION}:{ACCOUNT}:dead"}}])
    done = project.put([change(1)])
    assert done.code == 1 and done.json()["dead"] == 1, done
    [message] = drain(sqs, url)
    attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert json.loads(message["Body"]) == change(1)
    assert attributes["ERROR_CODE"] == "NO_RESOURCE"
    assert attributes["RULE_ARN"] == f"arn:aws:events:{aws.REGION}:{ACCOUNT}:rule/gone"
    assert attributes["TARGET_ARN"].endswith(":nowhere")
    assert attributes["RETRY_ATTEMPTS"] == "0"
    [letter] = project.letters()
    assert letter["code"] == "NO_RESOURCE" and letter["queued"] is True

    sqs.create_queue(QueueName="nowhere")
    assert project.firn("events", "dlq", "redrive", letter["letter"]).code == 0
    assert project.put([]).json()["delivered"] == 1
    assert project.letters() == []
    why = project.firn("events", "why", change(1)["id"], "--json").json()["rows"]
    assert [row["state"] for row in why] == ["delivered", "dead"]


def test_a_function_that_cannot_run_is_told_as_such(project, moto):
    project.rule("fn", [{"Id": "f", "Arn": f"arn:aws:lambda:{aws.REGION}:{ACCOUNT}:function:nothing"}])
    done = project.put([change(1)])
    assert done.json()["dead"] == 1, done
    assert project.letters()[0]["code"] == "NO_RESOURCE"


def test_records_of_kinesis_arrive_byte_for_byte(project, moto):
    kinesis = aws.client("kinesis", moto)
    kinesis.create_stream(StreamName="exact", ShardCount=1)
    project.rule("exact", [{"Id": "k", "Arn": f"arn:aws:kinesis:{aws.REGION}:{ACCOUNT}:stream/exact",
                            "InputPath": "$.detail.payload"}])
    event = change(1, Name='Zoë "Q" \u2028', Amount=0.1)
    put_all(project, [event])
    shard = kinesis.list_shards(StreamName="exact")["Shards"][0]["ShardId"]
    at = kinesis.get_shard_iterator(StreamName="exact", ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    [record] = kinesis.get_records(ShardIterator=at)["Records"]
    assert json.loads(record["Data"]) == event["detail"]["payload"]
