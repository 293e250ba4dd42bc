"""What a user who trusts nobody tries: records are merged, undeleted, cascaded, retyped and filled with hostile
values while windows follow them, and a public client's answer is held against PyIceberg's rows."""

import urllib.request

import pytest

from support.eyes import differences
from support.incremental import IncrementalProject, let_pass

HOUR = 3600
RECORDS = {"Account": 60, "Contact": 60, "Opportunity": 30, "Task": 30}


@pytest.fixture
def project(org, tmp_path):
    made = IncrementalProject(tmp_path / "project", org, list(RECORDS), more={
        name: ["refresh: 1h", "sweep: 1h"] for name in RECORDS})
    made.follow()
    let_pass(org, HOUR)
    return made


def soap(org, body):
    envelope = ('<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
                'xmlns:u="urn:partner.soap.sforce.com" xmlns:s="urn:sobject.partner.soap.sforce.com"><soapenv:Header>'
                f"<u:SessionHeader><u:sessionId>{org.token()}</u:sessionId></u:SessionHeader></soapenv:Header>"
                f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>")
    request = urllib.request.Request(f"{org.url}/services/Soap/u/62.0", data=envelope.encode(),
                                     headers={"Content-Type": "text/xml", "SOAPAction": '""'})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=120) as answer:
        text = answer.read().decode()
    assert "<success>true</success>" in text, text
    return text


def ids(org, name, where="", most=20):
    found = org.rest("GET", f"query?q=SELECT+Id+FROM+{name}{where.replace(' ', '+')}+ORDER+BY+Id+LIMIT+{most}")
    return [record["Id"] for record in found["records"]]


def assert_followed(org, project, *names):
    let_pass(org, 2 * HOUR)
    project.follow()
    for name in names or RECORDS:
        assert differences(org, project, name) == [], name
        project.assert_equal(name)


def test_after_the_first_export_both_hold_the_same_and_a_change_is_seen_by_these_eyes(org, project):
    for name in RECORDS:
        assert differences(org, project, name) == [], name
    record = ids(org, "Account", most=1)[0]
    org.rest("PATCH", f"sobjects/Account/{record}", {"Site": "not followed yet"})
    assert any(line.startswith(f"{record}.Site: org 'not followed yet'")
               for line in differences(org, project, "Account"))


def test_accounts_that_are_merged_leave_the_loser_and_move_its_children(org, project):
    winner, loser, second = ids(org, "Account", most=3)
    org.create("Contact", LastName="of the loser", AccountId=loser)
    assert_followed(org, project)
    soap(org, '<u:merge><u:request><u:masterRecord><s:type>Account</s:type>'
              f'<s:Id>{winner}</s:Id><s:Name>merged</s:Name></u:masterRecord>'
              f'<u:recordToMergeIds>{loser}</u:recordToMergeIds><u:recordToMergeIds>{second}</u:recordToMergeIds>'
              '</u:request></u:merge>')
    assert_followed(org, project)


def test_records_deleted_with_their_master_and_undeleted_with_it(org, project):
    account = ids(org, "Account", most=1)[0]
    org.create("Contact", LastName="goes with it", AccountId=account)
    org.create("Opportunity", Name="goes with it", AccountId=account, StageName="Prospecting", CloseDate="2026-12-01")
    assert_followed(org, project)
    org.rest("DELETE", f"sobjects/Account/{account}")
    assert_followed(org, project)
    soap(org, f"<u:undelete><u:ids>{account}</u:ids></u:undelete>")
    assert_followed(org, project)
    org.rest("DELETE", f"sobjects/Account/{account}")
    org.ask("DELETE", "recycle_bin")
    assert_followed(org, project)


HOSTILE = ["'single' \"double\" \"\"twice\"\"", "comma, semicolon; tab\t|pipe", "line\nfeed\r\nand both\rend",
           "\U0001f9ca emoji \U0001f469\u200d\U0001f469\u200d\U0001f467", "\u202eright to left\u202c \u0000nul", "=1+1", "#N/A", "null",
           "NULL", "  spaces kept  ", "\\N", "\ufeffbom", "e\u0301 \u00e9", "a" * 255, "<b>&amp;</b>", "\\", '"', "\u2028\u2029"]


@pytest.mark.parametrize("window_rows", [None, "3"])
def test_hostile_texts_come_as_they_are(org, project, window_rows):
    made = []
    for n, text in enumerate(HOSTILE):
        made.append(org.create("Account", Name=f"hostile {n}", Site=text[:80], Description=text * 20))
    made.append(org.create("Account", Name="long", Description="\u00e4\n\"x,\" \U0001f9ca" * 3500))
    let_pass(org, HOUR)
    if window_rows:
        project.follow("Account", "--window-rows", window_rows)
    assert_followed(org, project, "Account")
    for record in made[::2]:
        org.rest("PATCH", f"sobjects/Account/{record}", {"Description": None, "Site": ""})
    assert_followed(org, project, "Account")


DAYS = ["1700-01-01", "1969-12-31", "1970-01-01", "2000-02-29", "2100-02-28", "4000-12-31"]


def test_dates_at_the_edges_and_numbers_with_more_digits_than_their_field(org, project):
    for day in DAYS:
        org.create("Contact", LastName=f"born {day}", Birthdate=day)
    for moment in ("1700-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2038-01-19T03:14:08Z", "4000-12-31T23:59:59Z"):
        org.create("Task", Subject="at", ReminderDateTime=moment)
    for amount in (0.005, 1.005, 2.675, -1.005, 9999999999999.99, 0.1 + 0.2, -0.004, 1e-7, 123456789.987654321):
        org.create("Opportunity", Name=f"{amount}", Amount=amount, StageName="Prospecting", CloseDate="2026-12-01")
    assert_followed(org, project)


def test_polymorphic_lookups_addresses_and_owners_follow(org, project):
    account, contact = ids(org, "Account", most=1)[0], ids(org, "Contact", most=1)[0]
    deal = ids(org, "Opportunity", most=1)[0]
    tasks = [org.create("Task", Subject="of many", WhoId=contact, WhatId=what) for what in (account, deal)]
    org.rest("PATCH", f"sobjects/Account/{account}", {"BillingStreet": "1 \"Main\"\nStreet", "BillingCity": "Z\u00fcrich",
                                                      "BillingLatitude": -33.8688197, "BillingLongitude": 151.2092955})
    assert_followed(org, project)
    org.rest("PATCH", f"sobjects/Task/{tasks[0]}", {"WhatId": deal, "WhoId": None})
    user = ids(org, "User", " WHERE IsActive=true", most=5)[-1]
    org.rest("PATCH", f"sobjects/Account/{account}", {"OwnerId": user, "BillingStreet": None, "BillingCity": None})
    assert_followed(org, project)


def test_many_days_without_a_run_then_clocks_that_go_back(org, project):
    for name in ("Account", "Contact"):
        for gone in ids(org, name, most=2):
            org.rest("DELETE", f"sobjects/{name}/{gone}")
    let_pass(org, 17 * 24 * HOUR)
    org.ask("DELETE", "recycle_bin")
    assert_followed(org, project)
    org.create("Account", Name="before the clock went back")
    let_pass(org, -3 * HOUR)
    org.create("Account", Name="after the clock went back")
    let_pass(org, 4 * HOUR)
    assert_followed(org, project)


def test_many_changes_of_one_record_over_many_windows_are_its_last(org, project):
    record = ids(org, "Account", most=1)[0]
    for n in range(40):
        org.rest("PATCH", f"sobjects/Account/{record}", {"Site": f"change {n}"})
        if n % 8 == 0:
            let_pass(org, 70)
            project.follow("Account")
    assert_followed(org, project, "Account")
