"""kill -9 at every fault point that a follower passes, while the org goes on changing. Every change is
counted: none is lost, none is in a table twice."""

import pytest

from support.events import EventsProject
from support.firn import fault_points
from support.pubsub import PubSub

# Points that a follower passes in every cycle: its own, and those within its commits.
WITHIN = ("events.table.", "events.cycle.", "events.cursor.", "events.quarantined", "lake.merge.",
          "lake.commit.")
# Passed only once many small files or manifests have come together.
RARELY = {"lake.merge.file_folded", "lake.commit.after_merged"}
RECORDS = {"Account": 30, "Contact": 10}


def points():
    return [name for name in fault_points() if name.startswith(WITHIN) and name not in RARELY]


@pytest.fixture(scope="module")
def project(org, tmp_path_factory):
    made = EventsProject(tmp_path_factory.mktemp("project"), org, ["Account", "Contact"]).start()
    made.follow()
    return made


class Counted:
    """Changes made in the org, by object, and what the tables say they took."""

    def __init__(self, project):
        self.project = project
        project.follow()  # nothing of a test before waits
        self.old = sorted(project.rows("salesforce.Account"))
        self.made = {"Account": 0, "Contact": 0}
        self.before = {name: project.events_in(name) for name in self.made}

    def change(self, client, rounds):
        for i in range(rounds):
            account = client.create("Account", Name=f"Load {i}", Phone="1")
            client.update("Account", account, Phone=None, BillingCity="Oslo")
            contact = client.create("Contact", LastName=f"Load {i}", AccountId=account)
            client.update("Contact", contact, FirstName="Ada")
            client.update("Account", self.old[i], Phone=str(len(self.old) + i))
            self.made["Account"] += 3
            self.made["Contact"] += 2
            if i % 3 == 0:
                client.delete("Contact", contact)
                self.made["Contact"] += 1

    def check(self):
        for name, count in self.made.items():
            assert self.project.events_in(name) - self.before[name] == count, name
            self.project.assert_equal(name)


@pytest.mark.parametrize("point", points())
def test_killed_at_a_fault_point_no_change_is_lost_or_doubled(org, project, point):
    counted = Counted(project)
    with PubSub(org) as client:
        if point == "events.quarantined":
            org.fault(effect="bad_event", path="/eventbus.v1.PubSub/Subscribe*", events=3, times=1)
        counted.change(client, 3)
        # The second passage: then an earlier cycle has been settled.
        words = ("events", "follow", "--until-caught-up", "--commit-every", "20ms",
                 "--events-per-commit", "4", "--lease", "300ms")
        nth = point if point == "events.quarantined" else point + ":2"
        killed = project.firn(*words, FIRN_FAULT_POINT=nth)
        assert killed.code != 0, f"{point} was not passed: {killed}"
        counted.change(client, 2)
        org.clear()
        again = project.firn(*words)
        assert again.code == 0, again
    counted.check()


def test_without_its_cursor_a_stream_goes_on_from_what_the_tables_say(org, project):
    """The state folder's rows are gone between a table's commit and the cursor."""
    counted = Counted(project)
    with PubSub(org) as client:
        counted.change(client, 2)
        killed = project.firn("events", "follow", "--until-caught-up", "--commit-every", "10ms",
                              "--lease", "300ms", FIRN_FAULT_POINT="events.table.committed:1")
        assert killed.code != 0
        for name in ("shared.db", "shared.db-wal", "shared.db-shm"):
            (project.folder / ".firn" / name).unlink(missing_ok=True)
        project.follow()
    counted.check()
