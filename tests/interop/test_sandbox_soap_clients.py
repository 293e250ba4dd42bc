"""Clients of the SOAP API against the sandbox org: Salesforce's own (force-wsc with the partner WSDL's stubs) and pyforce;
and aio-sf, which speaks REST and Bulk API 2.0 by asyncio.

What could go wrong in production: generated stubs read elements in the WSDL's order and by their types, and fail at the
first that stands elsewhere.
"""
import asyncio
import datetime
import subprocess

import pyforce
import pytest
from pyforce.xmlclient import SoapFaultError

from support.engines import jar
from support.lake_desk import SOURCE
from support.sandbox import running

JARS = ["force-wsc", "force-partner-api", "jackson-core", "jackson-databind", "jackson-annotations"]
PARTNER = {
    "user": "admin@firn.sandbox", "time": "true", "objects": "true", "describe": "Account picklist true",
    "describes": "3", "layout": "true", "tabs": "true", "query": "2 true true", "aggregate": "true", "more": "true",
    "wrong field": "fault INVALID_FIELD", "create": "saved REQUIRED_FIELD_MISSING", "update": "saved",
    "retrieve": "wsc <1> & co 5 null", "upsert": "true false", "parent by key": "saved", "search": "2",
    "updated": "true", "delete": "true", "deleted": "true", "undelete": "true", "empty the bin": "true",
    "wrong sign-in": "fault INVALID_LOGIN", "logout": "fault INVALID_SESSION_ID",
}


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with running(tmp_path_factory.mktemp("org"), "--scale", "0.02") as facts:
        yield facts


def test_the_vendors_soap_client_reads_and_writes(org):
    done = subprocess.run(
        ["java", "-cp", ":".join(map(jar, JARS)), str(SOURCE / "tests/support/wsc/PartnerScenarios.java"),
         org["http_url"], org["username"], "any"],
        capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    assert dict(line.split(": ", 1) for line in done.stdout.splitlines()) == PARTNER


@pytest.fixture
def soap(org):
    client = pyforce.PythonClient(serverUrl=org["http_url"] + "/services/Soap/u/60.0")
    client.login(org["username"], "any")
    return client


def test_pyforce_describes_and_queries(org, soap):
    assert {"Account", "Contact"} <= {one.name for one in soap.describeGlobal()["sobjects"]}
    fields = soap.describeSObjects("Account")[0].fields
    assert fields["Industry"].type == "picklist" and fields["NumberOfEmployees"].type == "int"
    found = soap.query("SELECT Id, CreatedDate, NumberOfEmployees, Owner.Name FROM Account LIMIT 2")
    assert isinstance(found[0]["CreatedDate"], datetime.datetime) and isinstance(found[0]["NumberOfEmployees"], int)
    soap.batchSize = 200
    page = soap.query("SELECT Id FROM Contact")
    read = list(page["records"])
    while not page["done"]:
        page = soap.queryMore(page["queryLocator"])
        read += page["records"]
    assert len({row["Id"] for row in read}) == page["size"] > 200
    with pytest.raises(SoapFaultError) as refusal:
        soap.query("SELECT Nope FROM Account")
    assert refusal.value.faultCode == "INVALID_FIELD"
    assert soap.getUserInfo()["userEmail"] == org["username"]


def test_pyforce_writes(soap):
    made, refused = soap.create([{"type": "Account", "Name": "pf & co", "NumberOfEmployees": 5},
                                 {"type": "Contact", "FirstName": "x"}])
    assert made["success"] and refused["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert soap.update([{"type": "Account", "Id": made["id"], "Phone": "1", "NumberOfEmployees": None}])[0]["success"]
    kept = soap.retrieve("Name,Phone,NumberOfEmployees", "Account", [made["id"]])[0]
    assert (kept["Name"], kept["Phone"], kept["NumberOfEmployees"]) == ("pf & co", "1", None)
    keyed = {"type": "Account", "Name": "by key", "ExternalKey__c": "pf-1"}
    assert [soap.upsert("ExternalKey__c", [keyed])[0]["created"] for _ in "12"] == [True, False]
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    span = now - datetime.timedelta(hours=2), now + datetime.timedelta(minutes=5)
    assert made["id"] in soap.getUpdated("Account", *span)
    assert soap.delete([made["id"]])[0]["success"]
    assert made["id"] in [gone["id"] for gone in soap.getDeleted("Account", *span)]


def test_aio_sf_reads_writes_and_exports_in_bulk(org, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", org["ca_file"])
    monkeypatch.setenv("NO_PROXY", "localhost")
    import aio_sf

    async def scenario():
        auth = aio_sf.ClientCredentialsAuth(org["tls_url"], org["client_id"], org["client_secret"])
        async with aio_sf.SalesforceClient(auth_strategy=auth) as client:
            assert (await client.describe.sobject("Account"))["name"] == "Account"
            assert (await client.describe.get_limits())["DailyApiRequests"]["Remaining"] > 0
            result = await client.query.soql("SELECT Id FROM Contact")
            rows = [row["Id"] async for row in result]
            assert len(set(rows)) == result.total_size
            key = [{"Name": "aio", "ExternalKey__c": "aio-sf-1"}]
            assert (await client.collections.upsert(key, "ExternalKey__c", "Account"))[0]["created"]
            both = await client.collections.insert([{"Name": "aio two"}, {"Nope": 1}], "Account")
            assert [one["success"] for one in both] == [False, False]
            exported = await aio_sf.bulk_query(client, soql_query="SELECT Id, LastName FROM Contact")
            assert sorted([row["Id"] async for row in exported]) == sorted(rows)

    asyncio.run(scenario())

