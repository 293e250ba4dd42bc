"""`firn export verify --deep` of a table that a stream follows: judged by the stream, not by the export.

What could go wrong in production: a change that the stream lost is called explained, since the export that the table
was made by is older than the change, and nobody ever looks.
"""

import pytest

from support.events import EventsProject

SUBSCRIBE = "/eventbus.v1.PubSub/Subscribe*"
MARK = "mark of stream /data/AccountChangeEvent"
RECORDS = {"Account": 30}


@pytest.fixture
def project(org, client, tmp_path):
    made = EventsProject(tmp_path / "project", org, ["Account"]).start()
    client.create("Account", Name="The stream's first")
    made.follow()
    return made


def a_second_later(org):
    """Stamps are whole seconds."""
    org.ask("POST", "clock", {"advance_seconds": 2})


def deep(project):
    done = project.firn("export", "verify", "--deep", "--json")
    assert done.code in (0, 1), done
    return done.code, done.json()["objects"][0]


def test_a_row_that_the_stream_has_passed_over_and_that_differs_is_named(org, client, project):
    lost = client.create("Account", Name="To be lost")
    project.follow()
    a_second_later(org)
    org.fault(effect="bad_event", path=SUBSCRIBE, events=0, times=1)
    client.update("Account", lost, Name="Told by no event")
    assert project.follow()["/data/AccountChangeEvent"]["quarantined"] == 1
    org.clear()
    # No event behind it has come: the stream may still be on its way.
    code, account = deep(project)
    assert code == 0 and account["explained"] == 1, account
    assert account["rows"][0]["explanation"] == f"changed after the {MARK}"
    a_second_later(org)
    client.create("Account", Name="Behind it")
    project.follow()
    code, account = deep(project)
    assert code == 1 and account["unexplained"] == 1, account
    assert account["rows"][0]["id"] == lost and account["rows"][0]["explanation"] is None
    assert "Name" in [field["field"] for field in account["rows"][0]["fields"]]
    assert account["stream_mark"] > account["watermark"]


def test_what_changed_after_the_streams_mark_is_explained(org, client, project):
    changed = client.create("Account", Name="Will change")
    gone = client.create("Account", Name="Will go")
    project.follow()
    a_second_later(org)
    client.update("Account", changed, Name="Changed")
    client.delete("Account", gone)
    made = client.create("Account", Name="Made")
    code, account = deep(project)
    assert code == 0 and account["unexplained"] == 0, account
    by_id = {row["id"]: row for row in account["rows"]}
    assert by_id[changed]["explanation"] == by_id[made]["explanation"] == f"changed after the {MARK}"
    assert by_id[gone]["explanation"] == f"deleted after the {MARK}"
    project.follow()
    code, account = deep(project)
    assert code == 0 and account["rows"] == [], account


def test_a_later_export_judges_where_the_stream_has_stopped(org, client, project):
    a_second_later(org)
    client.create("Account", Name="By the export")
    assert project.export("Account").code == 0
    a_second_later(org)
    made = client.create("Account", Name="After the export")
    code, account = deep(project)
    assert code == 0, account
    explained = {row["id"]: row["explanation"] for row in account["rows"]}
    assert made in explained and set(explained.values()) == {"changed after the watermark"}, account
