"""Clients that others run against Salesforce, against the sandbox: salesforce-bulk (Bulk API v1 in XML, CSV and JSON),
salesforce-api (SOAP sign-in of the enterprise WSDL, REST, both bulk APIs by the proxy door),
aiosalesforce (REST, composite and Bulk API 2.0 over HTTP/1.1 by asyncio), kinetic-core (a key's sign-in, REST, bulk),
and Data Cloud's two-step sign-in.

What could go wrong in production: a client that compares content types to the letter, or sends what
no document shows, works with the vendor and not with us.
"""
import asyncio
import json
import ssl
import time
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import aiosalesforce
import httpx
import kinetic_core
import pytest
import requests
import salesforce_api
from aiosalesforce.auth import ClientCredentialsFlow
from salesforce_bulk import CsvDictsAdapter, SalesforceBulk

from support.sandbox import running


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with running(tmp_path_factory.mktemp("org"), "--scale", "0.02") as facts:
        token = requests.post(facts["http_url"] + "/services/oauth2/token", data={"grant_type": "client_credentials"},
                              auth=(facts["client_id"], facts["client_secret"]), timeout=30).json()
        yield {**facts, "token": token["access_token"]}


def count(org, soql):
    answer = requests.get(org["http_url"] + "/services/data/v60.0/query", params={"q": soql},
                          headers={"Authorization": "Bearer " + org["token"]}, timeout=30)
    return answer.json()["totalSize"]


@pytest.fixture
def bulk(org, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", org["ca_file"])
    monkeypatch.setenv("NO_PROXY", "localhost")
    return SalesforceBulk(sessionId=org["token"], host=org["tls_url"].removeprefix("https://"),
                          API_version="60.0")


def finish(bulk, job, batch):
    bulk.close_job(job)
    bulk.wait_for_batch(job, batch, timeout=120, sleep_interval=0.2)
    return batch


@pytest.mark.parametrize("kind", ["CSV", "JSON"])
def test_salesforce_bulk_inserts_and_reads_its_results(org, bulk, kind):
    rows = [{"Name": f"bulk {kind} {number}"} for number in range(40)]
    job = bulk.create_insert_job("Account", contentType=kind, concurrency="Parallel")
    data = CsvDictsAdapter(iter(rows)) if kind == "CSV" else json.dumps(rows)
    batch = finish(bulk, job, bulk.post_batch(job, data))
    results = bulk.get_batch_results(batch, job)
    assert len(results) == len(rows)
    assert all(str(each.success).lower() == "true" for each in results), results[0]
    assert count(org, f"SELECT COUNT() FROM Account WHERE Name LIKE 'bulk {kind} %'") == len(rows)


@pytest.mark.parametrize("kind", ["CSV", "JSON"])
def test_salesforce_bulk_queries(org, bulk, kind):
    job = bulk.create_query_job("Contact", contentType=kind)
    batch = finish(bulk, job, bulk.query(job, "SELECT Id, LastName FROM Contact"))
    parts = [result.read() for result in bulk.get_all_results_for_query_batch(batch, job)]
    read = (sum(len(part.decode().splitlines()) - 1 for part in parts) if kind == "CSV"
            else sum(len(json.loads(part)) for part in parts))
    assert read == count(org, "SELECT COUNT() FROM Contact")


def test_aiosalesforce_writes_reads_and_loads_in_bulk(org):
    async def scenario():
        trust = ssl.create_default_context(cafile=org["ca_file"])
        async with httpx.AsyncClient(verify=trust, proxy=org["proxy_url"], timeout=60) as client:
            auth = ClientCredentialsFlow(client_id=org["client_id"], client_secret=org["client_secret"])
            force = aiosalesforce.Salesforce(
                client, base_url="https://firn-sandbox-dev-ed.develop.my.salesforce.com", auth=auth)
            made = await force.sobject.create("Account", {"Name": "aio"})
            assert (await force.sobject.get("Account", made))["Name"] == "aio"
            put = await force.sobject.upsert("Account", "aio-1", "ExternalKey__c", {"Name": "aio too"})
            assert put.created
            loaded = await force.bulk_v2.insert("Contact", [{"LastName": f"aio {n}"} for n in range(30)])
            assert [job.state for job in loaded.jobs] == ["JobComplete"]
            async with force.composite.batch() as batch:
                found = batch.query("SELECT Id FROM Contact WHERE LastName LIKE 'aio %'")
                batch.sobject.create("Account", {"Name": "aio three"})
            assert found.is_success
            names = [row["Name"] async for row in force.query("SELECT Name FROM Account WHERE Name LIKE 'aio%'")]
            assert sorted(names) == ["aio", "aio three", "aio too"]
            await force.sobject.delete("Account", made)

    asyncio.run(scenario())
    assert count(org, "SELECT COUNT() FROM Contact WHERE LastName LIKE 'aio %'") == 30


def test_salesforce_api_signs_in_by_soap_and_loads_in_bulk(org, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", org["ca_file"])
    monkeypatch.setenv("HTTPS_PROXY", org["proxy_url"])
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    client = salesforce_api.Salesforce(username=org["username"], password="any", security_token="token")
    assert client.sobjects.query("SELECT Name FROM Account LIMIT 1")[0]["Name"]
    client.sobjects.Account.upsert("ExternalKey__c", "api-1", {"Name": "api one"})
    client.bulk.upsert("Account", [{"Name": "api two", "ExternalKey__c": f"api-{n}"} for n in (1, 2)], "ExternalKey__c")
    client.bulk_v1.insert("Account", [{"Name": "api three"}])
    assert count(org, "SELECT COUNT() FROM Account WHERE Name LIKE 'api %'") == 3


def test_data_cloud_takes_a_file_and_streamed_records(org):
    url = org["http_url"]
    schema = ("openapi: 3.0.3\ncomponents:\n  schemas:\n    orders:\n      properties:\n"
              "        id: {type: string}\n        total: {type: number}\n")
    assert requests.put(url + "/sandbox/data_cloud/sources/shop", schema, timeout=30).status_code == 204
    traded = requests.post(url + "/services/a360/token", timeout=30, data={
        "grant_type": "urn:salesforce:grant-type:external:cdp", "subject_token": org["token"],
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token"}).json()
    base = f"http://{traded['instance_url']}/api/v1/ingest"
    cloud = requests.Session()
    cloud.headers["Authorization"] = "Bearer " + traded["access_token"]
    job = cloud.post(base + "/jobs", json={"object": "orders", "sourceName": "shop", "operation": "upsert"}).json()
    rows = "id,total\n" + "".join(f"o{number},{number}.5\n" for number in range(20_000))
    sent = cloud.put(f"{base}/jobs/{job['id']}/batches", rows, headers={"Content-Type": "text/csv"})
    assert sent.status_code == 202, sent.text
    cloud.patch(f"{base}/jobs/{job['id']}", json={"state": "UploadComplete"}).raise_for_status()
    end = time.monotonic() + 120
    while (state := cloud.get(f"{base}/jobs/{job['id']}").json()["state"]) in ("UploadComplete", "InProgress"):
        assert time.monotonic() < end, state
        time.sleep(0.1)
    assert state == "JobComplete"
    streamed = cloud.post(base + "/sources/shop/orders", json={"data": [{"id": "s1", "total": 3}]})
    assert streamed.status_code == 202 and streamed.json() == {"accepted": True}
    held = requests.get(url + "/sandbox/data_cloud/rows", params={"source": "shop", "object": "orders", "key": "s1"},
                        timeout=30).json()
    assert held == {"count": 20_001, "rows": [{"id": "s1", "total": 3}]}


def test_kinetic_core_signs_in_with_a_key_writes_and_loads_in_bulk(org, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", org["ca_file"])
    monkeypatch.setenv("NO_PROXY", "localhost")
    session = kinetic_core.JWTAuthenticator(
        client_id=org["client_id"], username=org["username"], private_key_path=org["key_file"],
        login_url=org["tls_url"], api_version="v62.0").authenticate()
    client = kinetic_core.SalesforceClient(session)
    made = client.create("Account", {"Name": "kinetic one"})
    assert client.update("Account", made, {"Phone": "5"})
    assert client.get("Account", made, ["Phone"])["Phone"] == "5"
    assert len(client.create_batch("Account", [{"Name": f"kinetic {n}"} for n in (2, 3)])) == 2
    client.upsert("Account", "ExternalKey__c", "kinetic-1", {"Name": "kinetic four"})
    loaded = client.bulk.insert("Account", [{"Name": "kinetic five"}, {"Site": "no name"}])
    assert (loaded.success_count, loaded.failed_count) == (1, 1), loaded
    found = client.bulk.query("SELECT Id FROM Account WHERE Name LIKE 'kinetic %'").records
    assert len(found) == client.count("Account", "Name LIKE 'kinetic %'") == 5
    gone = client.bulk.delete("Account", [row["Id"] for row in found])
    assert gone.success_count == 5


@pytest.mark.parametrize("version", ["45.0", "60.0"])
def test_bulk_v1_data_of_any_kind_is_the_same_to_its_reader(org, version):
    """XML as well as CSV: what old WSDL-built clients (Camel's ContentType.XML) send by default."""
    base = f"{org['http_url']}/services/async/{version}/job"
    head = {"X-SFDC-Session": org["token"], "Content-Type": "application/xml; charset=UTF-8"}
    space = "http://www.force.com/2009/06/asyncapi/dataload"

    def leaf(answer, name):
        return ElementTree.fromstring(answer.content).findtext(f".//{{{space}}}{name}")

    def run(operation, body):
        info = f'<jobInfo xmlns="{space}"><operation>{operation}</operation><object>Account</object></jobInfo>'
        job = leaf(requests.post(base, info, headers=head, timeout=30), "id")
        batch = leaf(requests.post(f"{base}/{job}/batch", body.encode(), headers=head, timeout=30), "id")
        url = f"{base}/{job}/batch/{batch}"
        end = time.monotonic() + 120
        while (state := leaf(requests.get(url, headers=head, timeout=30), "state")) in ("Queued", "InProgress"):
            assert time.monotonic() < end, state
            time.sleep(0.1)
        assert state == "Completed"
        return url

    name = f"xml {version} <&> ä"
    rows = f'<sObjects xmlns="{space}"><sObject><Name>{escape(name)}</Name></sObject></sObjects>'
    assert leaf(requests.get(run("insert", rows) + "/result", headers=head, timeout=30), "success") == "true"
    url = run("query", f"SELECT Id, Name, ParentId FROM Account WHERE Name LIKE 'xml {version} %'")
    part = leaf(requests.get(url + "/result", headers=head, timeout=30), "result")
    read = ElementTree.fromstring(requests.get(f"{url}/result/{part}", headers=head, timeout=30).content)
    assert [row.findtext(f"{{{space}}}Name") for row in read] == [name]
