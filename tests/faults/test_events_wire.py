"""What the bus may do to events that a well-behaved org does not: tell them out of order, twice, or larger than is usual.

What could go wrong in production: an older change is put over a newer one and stays; a record that was deleted is back; an
event that one target cannot take holds up the stream, the table or the other targets; a batch over gRPC's usual 4 MB
ends the stream for ever.
"""
import io
import json

import fastavro
import pytest

from support.events import EventsProject
from support.pubsub_between import Between

TOPIC = "/data/AccountChangeEvent"
RECORDS = {"Account": 20}


@pytest.fixture
def between(org):
    with Between(org) as proxy:
        yield proxy


@pytest.fixture
def project(tmp_path, org, between):
    made = EventsProject(tmp_path / "project", org, ["Account"]).start()
    between.lead(made, org).follow()
    return made


def events_of(project):
    return project.events_in("Account", TOPIC)


def backwards(events):
    """The same places of the stream, what stands at them the other way round."""
    bodies = [event.event for event in events]
    for event, body in zip(events, [type(body).FromString(body.SerializeToString()) for body in reversed(bodies)]):
        event.event.CopyFrom(body)
    return events


def test_reordered_events_leave_the_newest_state_of_each_record(project, org, client, between):
    before = events_of(project)
    made = client.create_at_once("Account", [f"Order {n}" for n in range(6)])
    for n, account in enumerate(made):
        client.update("Account", account, Phone=f"1-{n}", BillingCity="Oslo")
        client.update("Account", account, Phone=f"2-{n}", BillingCity=None, Fax="9")
    client.delete("Account", made[0])
    seen = []

    def change(events):
        seen.append(len(events))
        return backwards(events)
    between.change = change
    project.follow()
    assert max(seen) >= 6, f"nothing was turned round: {seen}"
    assert events_of(project) - before == 6 + 12 + 1
    rows = project.rows("salesforce.Account")
    assert made[0] not in rows, "a change that came behind the delete brought it back"
    assert [rows[account]["Phone"] for account in made[1:]] == [f"2-{n}" for n in range(1, 6)]
    project.assert_equal("Account")


def test_events_that_are_told_twice_are_taken_once(project, org, client, between):
    before = events_of(project)
    made = client.create_at_once("Account", [f"Twice {n}" for n in range(5)])
    for account in made:
        client.update("Account", account, NumberOfEmployees=7)
    between.change = lambda events: [event for event in events for _ in range(2)]
    report = project.follow()[TOPIC]
    assert report["events"] == 20, report
    assert events_of(project) - before == 10
    project.assert_equal("Account")


def test_an_oversize_event_stops_neither_table_nor_the_other_target(project, org, client, between):
    """Three of 3 MB in one answer: more than gRPC takes by itself, and more than an HTTP endpoint is sent."""
    (project.folder / "rules").mkdir()
    (project.folder / "destinations").mkdir()
    (project.folder / "destinations/narrow.json").write_text(json.dumps(
        {"InvocationEndpoint": "http://127.0.0.1:9/never", "HttpMethod": "POST", "Connection": {"AuthorizationType": "NONE"}}))
    (project.folder / "rules/all.json").write_text(json.dumps({
        "EventPattern": {"detail": {"payload": {"Name": [{"prefix": "Huge"}]}}},
        "Targets": [{"Id": "narrow", "Arn": "firn:api-destination/narrow"},
                    {"Id": "wide", "Arn": "firn:command/wide",
                     "CommandParameters": {"Command": ["/bin/sh", "-c", "wc -c >> seen"]}}]}))
    before = events_of(project)
    made = client.create_at_once("Account", [f"Huge {n}" for n in range(3)] + ["Small"])

    def grown(events):
        for event in events:
            schema = fastavro.parse_schema(client.schema(event.event.schema_id))
            record = fastavro.schemaless_reader(io.BytesIO(event.event.payload), schema)
            if not str(record["Name"]).startswith("Huge"):
                continue
            record["Description"] = "x" * 3_000_000
            out = io.BytesIO()
            fastavro.schemaless_writer(out, schema, record)
            event.event.payload = out.getvalue()
        return events
    between.change = grown
    project.follow()
    assert events_of(project) - before == 4
    rows = project.rows("salesforce.Account")
    assert [len(rows[account]["Description"] or "") for account in made] == [3_000_000] * 3 + [0]
    sizes = sorted(int(line) for line in (project.folder / "seen").read_text().split())
    assert len(sizes) == 3 and all(size > 3_000_000 for size in sizes)
    letters = project.firn("events", "dlq", "list", "--json").json()["rows"]
    assert [letter["target"] for letter in letters] == ["all/narrow"] * 3
    assert all("EVENT-TARGET-001" in letter["error"] and "xxxx" not in letter["error"] for letter in letters), letters
