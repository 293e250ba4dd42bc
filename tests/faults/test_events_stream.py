"""Tables that follow a stream of change events, through everything that can happen to a stream.

What could go wrong in production: a change is lost or applied twice, a field that was left alone is
emptied, a stream dies and nobody notices, a position that is not valid any more is taken for one
that is. Numbers in names are the users' issues of other clients.
"""

import base64
import json
import random
import signal
import subprocess

import pytest

from support.events import EventsProject
from support.firn import Sandbox, firn_path, until
from support.pubsub import PubSub
from support.relay import Relay
from support.rules import APPEND_LINE

SUBSCRIBE = "/eventbus.v1.PubSub/Subscribe*"
RECORDS = {"Account": 60, "Contact": 40}


@pytest.fixture(scope="module")
def project(org, tmp_path_factory):
    return EventsProject(tmp_path_factory.mktemp("project"), org, ["Account", "Contact"]).start()


def wait_for(process, condition):
    def happened():
        assert process.poll() is None, process.communicate()
        return condition()
    until(happened)


def end(process):
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert process.returncode in (0, 130), (process.returncode, err)
    return out, err


def test_every_kind_of_change_reaches_its_row_once(project, client):
    project.follow()
    before = project.events_in("Account")
    kept = client.create("Account", Name="Kept", Phone="1", Fax="2", BillingCity="Oslo",
                         BillingStreet="Storgata 1", NumberOfEmployees=7, AnnualRevenue=12.5)
    client.update("Account", kept, Fax=None, BillingCity="Bergen", NumberOfEmployees=8)
    gone = client.create("Account", Name="Gone")
    client.delete("Account", gone)
    reports = project.follow()
    assert reports["/data/ChangeEvents"]["events"] == 4
    row = project.rows("salesforce.Account")[kept]
    assert row["Phone"] == "1" and row["Fax"] is None and row["NumberOfEmployees"] == 8
    assert row["BillingCity"] == "Bergen" and row["BillingStreet"] == "Storgata 1"
    assert row["BillingAddress"]["city"] == "Bergen"
    assert row["BillingAddress"]["street"] == "Storgata 1"
    assert gone not in project.rows("salesforce.Account")
    assert project.events_in("Account") - before == 4
    project.assert_equal("Account")


def test_persons_have_their_whole_name(project, client):
    contact = client.create("Contact", FirstName="Ada", LastName="Byron", Salutation="Ms.")
    client.update("Contact", contact, LastName="Lovelace")
    project.follow()
    row = project.rows("salesforce.Contact")[contact]
    assert row["Name"] == "Ada Lovelace" and row["FirstName"] == "Ada"
    project.assert_equal("Contact")


def test_a_difference_is_put_onto_the_text_that_the_table_has(project, client):
    text = "".join(f"line {i} of a description that is long enough\n" for i in range(60)).strip()
    account = client.create("Account", Name="Long", Description=text)
    project.follow()
    changed = text.replace("line 30 of", "line thirty of")
    client.update("Account", account, Description=changed)
    report = project.follow()["/data/ChangeEvents"]
    assert project.rows("salesforce.Account")[account]["Description"] == changed
    assert next(t for t in report["tables"] if t["object"] == "Account")["reread"] == 0


def test_gap_events_are_repaired_by_reading_the_record(org, project, client):
    account = client.create("Account", Name="Before")
    project.follow()
    org.ask("POST", "events/gap", {"object": "Account", "changes": 2})
    client.update("Account", account, Name="Behind the gap")
    other = client.create("Account", Name="Made in the gap")
    report = project.follow()["/data/ChangeEvents"]
    rows = project.rows("salesforce.Account")
    assert rows[account]["Name"] == "Behind the gap" and rows[other]["Name"] == "Made in the gap"
    assert next(t for t in report["tables"] if t["object"] == "Account")["reread"] == 2
    project.assert_equal("Account")


def test_an_overflow_is_repaired_by_reading_what_changed_since(org, project, client):
    project.follow()
    org.ask("POST", "events", {"overflow_changes": 5})
    try:
        records = [{"attributes": {"type": "Account"}, "Name": f"Over {i}"} for i in range(20)]
        client.rest("POST", "/composite/sobjects", {"allOrNone": True, "records": records})
        project.follow()
    finally:
        org.ask("POST", "events", {"overflow_changes": 100000})
    names = {row["Name"] for row in project.rows("salesforce.Account").values()}
    assert {f"Over {i}" for i in range(20)} <= names
    project.assert_equal("Account")


def test_issue_4689_an_undecodable_event_goes_to_quarantine_and_the_topic_goes_on(
        org, project, client):
    project.follow()
    first = client.create("Account", Name="First")
    org.fault(effect="bad_event", path=SUBSCRIBE, events=0, times=1)
    second = client.create("Account", Name="Second")
    report = project.follow()["/data/ChangeEvents"]
    org.clear()
    assert report["quarantined"] == 1
    kept = project.firn("events", "quarantine", "list", "--json").json()["rows"][-1]
    assert "EVENT-DECODE-001" in kept["reason"] and kept["schema_id"]
    shown = project.firn("events", "quarantine", "show", kept["file"], "--json").json()
    assert base64.b64decode(shown["payload"]) == b"\xff" * 12
    path = project.folder / ".firn/quarantine" / kept["file"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert second in project.rows("salesforce.Account")
    # What the damaged event would have told is missing until its record changes or is read again.
    client.update("Account", first, Phone="9")
    project.follow()
    project.assert_equal("Account")


def test_issue_28_a_stream_that_is_reset_goes_on_behind_the_last_event(org, project, client):
    project.follow()
    before = project.events_in("Account")
    for i in range(12):
        client.create("Account", Name=f"Reset {i}")
    org.fault(effect="stream_reset", path=SUBSCRIBE, events=5, times=2)
    report = project.follow()["/data/ChangeEvents"]
    assert report["streams_opened"] >= 2
    assert project.events_in("Account") - before == 12
    project.assert_equal("Account")


def test_issue_17153_a_refused_position_stops_with_its_name_and_is_not_tried_for_ever(
        org, project, client):
    account = client.create("Account", Name="While lost")
    org.fault(effect="replay_refused", path=SUBSCRIBE, times=1)
    done = project.firn("events", "follow", "--until-caught-up", "--commit-every", "100ms")
    assert "EVENT-LOST-001" in done.err and "--on-lost backfill" in done.err, done
    assert done.code != 0
    topics = project.firn("events", "topics", "--json").json()["rows"]
    assert all(row["state"].startswith("lost") for row in topics), topics
    # It stays lost until somebody decides.
    assert "EVENT-LOST-001" in project.firn("events", "follow", "--until-caught-up").err
    report = project.follow("--on-lost", "backfill")["/data/ChangeEvents"]
    assert report["backfills"] == 1
    assert account in project.rows("salesforce.Account")
    project.assert_equal("Account")


def test_an_org_that_moved_is_read_again_since_the_last_event(org, project, client):
    project.follow()
    account = client.create("Account", Name="Before the move")
    org.ask("POST", "migrate", {})
    with PubSub(org) as moved:
        after = moved.create("Account", Name="Behind the move")
    done = project.firn("events", "follow", "--until-caught-up", "--commit-every", "100ms")
    assert "EVENT-LOST-001" in done.err, done
    project.follow("--on-lost", "backfill")
    assert {account, after} <= set(project.rows("salesforce.Account"))
    project.assert_equal("Account")


def test_sessions_that_end_in_mid_stream_are_renewed(org, project, client):
    process = project.start_following()
    first = client.create("Account", Name="Before the renewal")
    wait_for(process, lambda: first in project.rows("salesforce.Account"))
    org.fault(effect="expire_tokens", path=SUBSCRIBE, times=1)
    org.fault(effect="stream_reset", path=SUBSCRIBE, events=1, times=1)
    with PubSub(org) as again:
        ids = again.create_at_once("Account", [f"Behind the renewal {i}" for i in range(4)])
    wait_for(process, lambda: set(ids) <= set(project.rows("salesforce.Account")))
    end(process)


def test_a_certificate_is_replaced_in_mid_stream(org, project, client, tmp_path):
    """The app's certificate goes while a stream stands; the next key of firn.yaml takes over."""
    app = org.facts["client_id"]
    key, certificate = tmp_path / "next.pem", tmp_path / "next.crt"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=next", "-keyout", key, "-out", certificate], check=True,
                   capture_output=True)
    rolling = EventsProject(tmp_path / "rolling", org, ["Account"])
    text = (rolling.folder / "firn.yaml").read_text()
    (rolling.folder / "firn.yaml").write_text(text.replace(
        "    api_version", f"      next_key: ${{file:{key}}}\n    api_version"))
    rolling.start()
    process = rolling.start_following()
    first = client.create("Account", Name="By the old certificate")
    wait_for(process, lambda: first in rolling.rows("salesforce.Account"))
    org.ask("POST", f"apps/{app}/certificates", {"name": "next", "pem": certificate.read_text()})
    demo = (org.folder / "keys/demo.crt")
    org.ask("DELETE", f"apps/{app}/certificates/demo")
    try:
        org.fault(effect="expire_tokens", path=SUBSCRIBE, times=1)
        org.fault(effect="stream_reset", path=SUBSCRIBE, events=1, times=1)
        with PubSub(org) as again:
            ids = again.create_at_once("Account", [f"By the next certificate {i}" for i in range(3)])
        wait_for(process, lambda: set(ids) <= set(rolling.rows("salesforce.Account")))
    finally:
        pem = demo.read_text() if demo.exists() else certificate_of(org.facts["key_file"], tmp_path)
        org.ask("POST", f"apps/{app}/certificates", {"name": "demo", "pem": pem})
    end(process)


def test_a_certificate_swapped_on_the_pubsub_port_in_mid_stream_gets_no_token_and_loses_no_event(
        tmp_path):
    """Somebody sits between: the stream waits until the right certificate is back, and goes on."""
    with Sandbox(tmp_path / "org", tls=True) as org, Relay(org.facts["pubsub_tls_endpoint"]) as door:
        project = EventsProject(tmp_path / "project", org, ["Account"])
        path = project.folder / "firn.yaml"
        path.write_text(path.read_text().replace(
            f"pubsub_endpoint: http://{org.facts['pubsub_endpoint']}",
            f"pubsub_endpoint: {door.endpoint}\n    ca_file: {org.facts['ca_file']}"))
        project.start()
        process = project.start_following()
        with PubSub(org) as client:
            first = client.create("Account", Name="Before the swap")
            wait_for(process, lambda: first in project.rows("salesforce.Account"))
            door.swap(tmp_path)
            door.cut()
            behind = client.create("Account", Name="Behind the swap")
            wait_for(process, lambda: door.refused > 0)
            assert behind not in project.rows("salesforce.Account")
            door.swapped = None
            wait_for(process, lambda: behind in project.rows("salesforce.Account"))
            project.assert_equal("Account")
        out, _ = end(process)
    assert project.reports(out)["/data/AccountChangeEvent"]["streams_opened"] >= 2


def test_a_slow_reader_takes_signs_of_life_for_no_end(tmp_path):
    """More events than Firn has room for: the org gives signs of life while no more is asked for."""
    with Sandbox(tmp_path / "org") as org, PubSub(org) as client:
        org.seed("Account", 50)
        project = EventsProject(tmp_path / "project", org, ["Account"]).start()
        project.follow()
        ids = sorted(project.rows("salesforce.Account"))
        for call in range(100):
            client.rest("PATCH", "/composite/sobjects", {"allOrNone": True, "records": [
                {"attributes": {"type": "Account"}, "Id": one, "Site": f"{call} of {one}"} for one in ids]})
        report = project.follow()["/data/AccountChangeEvent"]
        assert report["events"] == project.events_in("Account", "/data/AccountChangeEvent") == 100 * len(ids)
        project.assert_equal("Account")


def test_issue_31_a_silent_stream_is_replaced_and_loses_no_event(org, project, client):
    """The stream lives, and nothing comes any more: neither an event nor an error."""
    project.follow()
    org.fault(effect="silent_stream", path=SUBSCRIBE, times=1)
    behind = client.create("Account", Name="Behind the silence")
    report = project.follow("--silence", "1s")["/data/ChangeEvents"]
    assert report["streams_opened"] >= 2
    assert behind in project.rows("salesforce.Account")
    project.assert_equal("Account")


def certificate_of(key, folder):
    """A certificate of a key that is there already."""
    path = folder / "again.crt"
    subprocess.run(["openssl", "req", "-x509", "-key", key, "-days", "2", "-subj", "/CN=demo",
                    "-out", path], check=True, capture_output=True)
    return path.read_text()


def test_issue_14_a_transaction_is_not_cut_where_asked(org, project, client):
    project.follow()
    records = [{"attributes": {"type": "Account"}, "Name": f"Together {i}"} for i in range(5)]
    client.rest("POST", "/composite/sobjects", {"allOrNone": True, "records": records})
    client.create("Account", Name="Behind the transaction")
    report = project.follow("--events-per-commit", "2", "--whole-transactions",
                            commit_every="10m")["/data/ChangeEvents"]
    # The five are one snapshot though two would do, the one behind them is the next.
    assert report["events"] >= 2 and report["cycles"] == 2
    names = {row["Name"] for row in project.rows("salesforce.Account").values()}
    assert {"Together 0", "Together 4", "Behind the transaction"} <= names


def test_a_second_process_waits_for_the_lease(project, client):
    # Longer than any pause that a busy machine makes: the place passes on because it is given back.
    first = project.start_following(lease="10m")
    account = client.create("Account", Name="For the first")
    wait_for(first, lambda: account in project.rows("salesforce.Account"))
    second = project.start_following(lease="10m")
    for i in range(5):
        client.create("Account", Name=f"Shared {i}")
    other = client.create("Account", Name="Newest")
    wait_for(first, lambda: other in project.rows("salesforce.Account"))
    assert second.poll() is None
    end(first)
    # Now the second one has the place, and nothing is applied twice.
    before = project.events_in("Account")
    last = client.create("Account", Name="For the second")
    wait_for(second, lambda: last in project.rows("salesforce.Account"))
    out, _ = end(second)
    assert project.events_in("Account") - before == 1
    assert project.reports(out)["/data/ChangeEvents"]["events"] == 1


def test_a_new_field_becomes_a_column(org, project, client):
    project.follow()
    org.ask("POST", "fields", {"object": "Account", "field": "Site", "removed": True})
    hidden = EventsProject(project.folder.parent / "evolving", org, ["Account"]).start()
    assert "Site" not in next(iter(hidden.rows("salesforce.Account").values()))
    org.ask("POST", "fields", {"object": "Account", "field": "Site", "removed": False})
    account = client.create("Account", Name="With a site", Site="Oslo")
    hidden.follow()
    assert hidden.rows("salesforce.Account")[account]["Site"] == "Oslo"


def test_what_was_changed_while_the_export_ran_is_in_the_table(org, client, tmp_path):
    """The hand-over: the stream begins before the export's end, and older events do no harm."""
    project = EventsProject(tmp_path / "handover", org, ["Account"])
    early = client.create("Account", Name="Before the export")
    client.update("Account", early, Phone="1")
    project.start()
    client.update("Account", early, Fax="2")
    late = client.create("Account", Name="Behind the export")
    project.follow()
    rows = project.rows("salesforce.Account")
    assert rows[early]["Phone"] == "1" and rows[early]["Fax"] == "2" and late in rows
    project.assert_equal("Account")


def test_rules_see_the_changes_of_the_same_subscription_once(org, client, tmp_path):
    project = EventsProject(tmp_path / "rules", org, ["Account"]).start()
    (project.folder / "rules").mkdir()
    (project.folder / "rules/made.json").write_text(json.dumps({
        "EventPattern": {"detail": {"payload": {"ChangeEventHeader": {"changeType": ["CREATE"]},
                                                "Name": [{"prefix": "Watched"}]}}},
        "Targets": [{"Id": "file", "Arn": "firn:command/append",
                     "InputPath": "$.detail.payload.Name",
                     "CommandParameters": {"Command": APPEND_LINE}}]}))
    project.follow()
    for name in ("Watched-0", "Watched-1", "Watched-2", "Other"):
        client.create("Account", Name=name)
    killed = project.firn("events", "follow", "--until-caught-up", "--commit-every", "10ms",
                          "--lease", "300ms", FIRN_FAULT_POINT="events.table.committed")
    assert killed.code == -9, killed
    project.follow()
    project.follow()
    seen = {json.loads(line) for line in (project.folder / "seen").read_text().split()}
    assert seen == {"Watched-0", "Watched-1", "Watched-2"}
    project.assert_equal("Account")


def test_disk_full_while_following_loses_and_doubles_no_change(project, client):
    project.follow()
    before = project.events_in("Account")
    chance = random.Random(7)
    records = [{"attributes": {"type": "Account"}, "Name": f"Large {i}",
                "Description": "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=8000))}
               for i in range(150)]
    client.rest("POST", "/composite/sobjects", {"allOrNone": True, "records": records})
    # A file may grow by 400 KiB, then writing fails as on a full disk.
    full = subprocess.run(["bash", "-c", "ulimit -f 400; trap '' XFSZ; exec \"$@\"", "-", firn_path(),
                           "events", "follow", "--until-caught-up", "--lease", "1s"],
                          cwd=project.folder, capture_output=True, text=True, check=False)
    assert full.returncode not in (0, -9) and "error[" in full.stderr, full
    project.follow()
    assert project.events_in("Account") - before == len(records)
    project.assert_equal("Account")


def test_tail_and_replay_show_events(project, client):
    account = client.create("Account", Name="Shown")
    shown = project.firn("events", "replay", "/data/AccountChangeEvent", "--from", "earliest",
                         "--json")
    assert shown.code == 0, shown
    events = [json.loads(line) for line in shown.out.splitlines()]
    mine = [e for e in events if e["event"]["detail"]["payload"]["ChangeEventHeader"]["recordIds"]
            == [account]]
    assert mine[0]["event"]["source"].startswith("aws.partner/salesforce.com/00D")
    assert mine[0]["event"]["detail"]["payload"]["Name"] == "Shown"
    behind = project.firn("events", "replay", "/data/AccountChangeEvent", "--from",
                          mine[0]["replay_id"], "--json")
    assert behind.code == 0 and account not in behind.out


def test_plan_compares_rates_with_the_allotment(project, client):
    project.follow()
    planned = project.firn("events", "plan", "--json")
    rows = planned.json()["rows"]
    assert rows[0]["topic"] == "/data/ChangeEvents" and rows[0]["delivered"] > 0
    # The tests before this one made their events in seconds: a day of that may be more than the org allows.
    share = sum(float(row["share"].split()[0]) for row in rows)
    assert planned.code == (1 if share > 100 else 0), planned
