"""Tables that are mirrored into a second catalog stay current while nobody looks: after each commit of
`firn run` and of `firn export`.

What could go wrong in production: an engine that reads over there shows yesterday's rows; a second catalog
that is away fails the export, or is never caught up with; nobody is told.
"""

import pytest

from support import moto
from support.catalog import Catalog
from support.daemon import running
from support.events import EventsProject
from support.firn import Project, until
from support.pubsub import PubSub
from support.relay import Relay

TOPIC = "/data/AccountChangeEvent"
JOBS = """\
schedules:
  - {name: changes, when: rate(1 day), objects: [Account], mode: incremental}
daemon: {listen: "127.0.0.1:0", limits_every: 0s}
objects:
  - {name: Account, lag: 0s, exclude: [RevenuePerEmployee__c]}
"""
RECORDS = {"Account": 20}


@pytest.fixture
def project(tmp_path, org):
    (tmp_path / "project" / "lake").mkdir(parents=True)
    return Project(tmp_path / "project", org)


@pytest.fixture
def there(project, tmp_path):
    """A second catalog behind a door that can be shut."""
    with Catalog(tmp_path / "there", "--allow-location", project.folder / "lake") as catalog:
        with Relay(f"127.0.0.1:{catalog.port}") as door:
            catalog.door = door
            yield catalog


def mirrored(project, mirror, more=JOBS):
    config = project.folder / "firn.yaml"
    text = config.read_text()
    assert "  namespace: salesforce\n" in text
    config.write_text(text.replace("  namespace: salesforce\n", f"  namespace: salesforce\n  mirrors: [{mirror}]\n")
                      + more)


def behind_a_door(there):
    return f'{{name: second, rest: {{uri: "http://{there.door.endpoint}", proxy: none}}}}'


def location(project, table="salesforce.Account"):
    """Of the newest metadata, by the first catalog."""
    return project.firn("lake", "show", table, "--json").json()["metadata"]


def location_there(there):
    """The same by the second; nothing when it has no such table."""
    answer = there.ask("GET", "/namespaces/salesforce/tables/Account")
    return answer.json["metadata-location"] if answer.status == 200 else None


def change(org, project, run):
    """A new record, and runs until it is merged: one of the org's present comes with the next window."""
    before = location(project)
    org.create("Account", Name="New")

    def run_and_look():
        run()
        return location(project) != before
    until(run_and_look, "nothing was merged")


def by_the_daemon(project):
    def run():
        asked = project.firn("daemon", "job", "changes")
        assert asked.code == 0 or "ENGINE-JOB-002" in asked.err, asked
    return run


def test_each_commit_of_a_job_reaches_the_second_catalog(project, org, there):
    mirrored(project, behind_a_door(there))
    with running(project) as daemon:
        daemon.until_job("changes", state="idle", outcome="exact")
        daemon.until(lambda: location_there(there) == location(project), "mirror of the export")
        change(org, project, by_the_daemon(project))
        daemon.until(lambda: location_there(there) == location(project), "mirror of the merge")
        assert daemon.end() == 0
    assert not daemon.events("mirror.failed")


def test_each_commit_of_a_stream_reaches_the_second_catalog(project, tmp_path, org, there):
    followed = EventsProject(project.folder, org, ["Account"], more="""\
events:
  - {objects: [Account], commit_every: 50ms, lease: 300ms}
daemon: {listen: "127.0.0.1:0", limits_every: 0s}
""").start()
    followed.follow("Account")
    mirrored(followed, behind_a_door(there), more="")
    with PubSub(org) as client, running(followed) as daemon:
        daemon.until(lambda: daemon.status()["streams"][0]["state"] == "following", "stream")
        before = followed.events_in("Account", TOPIC)
        client.create("Account", Name="Streamed")
        daemon.until(lambda: followed.events_in("Account", TOPIC) > before, "change")
        daemon.until(lambda: location_there(there) == location(followed), "mirror of the commit")
        assert daemon.end() == 0


def test_a_command_that_the_daemon_carries_out_is_mirrored_too(project, org, there):
    mirrored(project, behind_a_door(there))
    with running(project) as daemon:
        daemon.until_job("changes", state="idle", outcome="exact")
        assert project.export("Account", "--mode", "full").code == 0
        daemon.until(lambda: location_there(there) == location(project), "mirror")
        assert daemon.end() == 0


def test_glue_shows_the_newest_state_after_each_commit(project, org):
    with moto.running() as aws:
        mirrored(project, "{name: glue, glue: {}}")
        glue = moto.client(aws, "glue")

        def shown():
            try:
                return glue.get_table(DatabaseName="salesforce", Name="account")["Table"]["Parameters"][
                    "metadata_location"]
            except glue.exceptions.EntityNotFoundException:
                return None

        with running(project, **aws) as daemon:
            daemon.until_job("changes", state="idle", outcome="exact")
            daemon.until(lambda: shown() == location(project), "mirror of the export")
            change(org, project, by_the_daemon(project))
            daemon.until(lambda: shown() == location(project), "mirror of the merge")
            assert daemon.end() == 0


def test_a_second_catalog_that_is_away_fails_nothing_and_is_caught_up_with(project, org, there):
    mirrored(project, behind_a_door(there))
    there.door.away = True
    with running(project) as daemon:
        daemon.until_job("changes", state="idle", outcome="exact")
        told = daemon.until(lambda: [each["detail"] for each in daemon.status()["services"]
                                     if each["service"] == "mirrors" and each["detail"]], "trouble in the status")
        assert "mirror second is behind" in told[0]
        assert daemon.get("/readyz") == (200, "ready\n"), "the rows are in the first catalog"
        assert 'mirror_failures_total{mirror="second"}' in daemon.get("/metrics")[1]
        there.door.away = False
        daemon.until(lambda: location_there(there) == location(project), "mirror")
        daemon.until(lambda: [each for each in daemon.status()["services"]
                              if each["service"] == "mirrors" and not each["detail"]], "end of the trouble")
        assert daemon.end() == 0
    assert daemon.events("mirror.failed")


def test_a_table_that_cannot_be_mirrored_does_not_keep_the_others_waiting(project, org, there):
    """Somebody else's table has the name of one; the other one goes on."""
    there.make_namespace("salesforce")
    there.make_table("salesforce", "Account")
    foreign = location_there(there)
    mirrored(project, behind_a_door(there))
    with running(project) as daemon:
        daemon.until_job("changes", state="idle", outcome="exact")
        daemon.until(lambda: daemon.events("mirror.failed"), "failure")
        org.seed("Contact", 3)
        assert project.export("Contact").code == 0
        daemon.until(lambda: there.ask("GET", "/namespaces/salesforce/tables/Contact").status == 200, "other table")
        assert daemon.end() == 0
    assert location_there(there) == foreign, "another's table was touched"


def test_firn_export_mirrors_what_it_commits(project, org, there):
    mirrored(project, behind_a_door(there))
    assert project.export("Account").code == 0
    assert location_there(there) == location(project)
    change(org, project, lambda: project.export("Account", "--mode", "incremental"))
    assert location_there(there) == location(project)


def test_firn_export_does_not_fail_by_its_mirror_and_the_next_makes_up_for_it(project, org, there):
    mirrored(project, behind_a_door(there))
    there.door.away = True
    done = project.export("Account")
    assert done.code == 0, done
    assert "mirror.failed" in done.err and location_there(there) is None
    there.door.away = False
    assert project.export("Account", "--mode", "incremental").code == 0
    assert location_there(there) == location(project)
