"""simple-salesforce, an outside client, against the sandbox org over HTTPS.

What could go wrong in production: the sandbox answers what our own client expects and nobody else's,
so that a test passing against it proves nothing.
"""

import csv
import io
import os

import jwt
import pytest
import requests
from simple_salesforce import (Salesforce, SalesforceAuthenticationFailed,
                               SalesforceMalformedRequest, SalesforceResourceNotFound)

from support.sandbox import running


@pytest.fixture(scope="module")
def org(tmp_path_factory):
    with running(tmp_path_factory.mktemp("org"), "--scale", "0.05") as facts:
        os.environ["REQUESTS_CA_BUNDLE"] = facts["ca_file"]
        yield facts


def sign_in(org):
    answer = requests.post(
        org["tls_url"] + "/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(org["client_id"], org["client_secret"]),
        timeout=300)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def sf(org):
    token = sign_in(org)
    return Salesforce(instance_url=token["instance_url"], session_id=token["access_token"],
                      version="62.0")


def admin(org, method, path, body=None):
    answer = requests.request(method, org["http_url"] + "/sandbox/" + path, json=body, timeout=300)
    assert answer.status_code < 300, answer.text
    return answer


def bulk_rows(pages):
    return [row for page in pages for row in csv.DictReader(io.StringIO(page))]


@pytest.mark.parametrize("domain", ["login", "test", "acme.my"])
def test_its_own_jwt_sign_in_comes_through_the_proxy(org, domain, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", org["proxy_url"])
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    client = Salesforce(username=org["username"], consumer_key=org["client_id"],
                        privatekey_file=org["key_file"], domain=domain, version="62.0")
    assert client.sf_instance.endswith(".salesforce.com")
    assert client.query("SELECT COUNT() FROM User")["totalSize"] > 0


def test_its_own_client_credentials_sign_in_comes_through_the_proxy(org, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", org["proxy_url"])
    client = Salesforce(consumer_key=org["client_id"], consumer_secret=org["client_secret"],
                        domain="acme.my", version="62.0")
    assert client.query("SELECT COUNT() FROM User")["totalSize"] > 0


def test_its_own_soap_sign_in_with_a_security_token_comes_through_the_proxy(org, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", org["proxy_url"])
    user = "integration@firn.sandbox"
    admin(org, "POST", "passwords",
          {"username": user, "password": "p<&>w", "security_token": "T0ken"})
    client = Salesforce(username=user, password="p<&>w", security_token="T0ken",
                        domain="login", version="62.0")
    assert client.query("SELECT COUNT() FROM User")["totalSize"] > 0
    with pytest.raises(SalesforceAuthenticationFailed) as refused:
        Salesforce(username=user, password="p<&>w", security_token="other", version="62.0")
    assert refused.value.code == "INVALID_LOGIN"


def test_its_own_soap_sign_in_is_gone_from_version_65(org, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", org["proxy_url"])
    with pytest.raises(SalesforceAuthenticationFailed):
        Salesforce(username=org["username"], password="any", security_token="", version="65.0")


def test_its_own_username_password_sign_in_needs_the_apps_leave(org, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", org["proxy_url"])

    def sign_in_with_password():
        return Salesforce(username=org["username"], password="any", consumer_key=org["client_id"],
                          consumer_secret=org["client_secret"], domain="login", version="62.0")

    with pytest.raises(SalesforceAuthenticationFailed):
        sign_in_with_password()
    admin(org, "POST", "apps", {"client_id": org["client_id"], "password_flow": True})
    try:
        assert sign_in_with_password().query("SELECT COUNT() FROM User")["totalSize"] > 0
    finally:
        admin(org, "POST", "apps", {"client_id": org["client_id"], "password_flow": False})


def test_jwt_access_token_serves_rest_and_verifies_against_the_key_set(org):
    admin(org, "POST", "apps", {"client_id": org["client_id"], "jwt_tokens": True})
    try:
        token = sign_in(org)["access_token"]
    finally:
        admin(org, "POST", "apps", {"client_id": org["client_id"], "jwt_tokens": False})
    found = requests.get(org["tls_url"] + "/.well-known/openid-configuration", timeout=300).json()
    keys = requests.get(found["jwks_uri"], timeout=300).json()["keys"]
    header = jwt.get_unverified_header(token)
    key = next(jwt.PyJWK(k) for k in keys if k["kid"] == header["kid"])
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=org["tls_url"],
                        issuer=found["issuer"])
    assert claims["client_id"] == org["client_id"]
    client = Salesforce(instance_url=org["tls_url"], session_id=token, version="62.0")
    assert client.query("SELECT COUNT() FROM User")["totalSize"] > 0


def test_every_object_of_the_list_can_be_described(sf):
    names = [o["name"] for o in sf.describe()["sobjects"] if o["queryable"]]
    assert {"Account", "Contact", "Lead", "Opportunity", "Case", "User"} <= set(names)
    for name in names:
        fields = getattr(sf, name).describe()["fields"]
        assert fields[0]["name"] == "Id" or any(f["name"] == "Id" for f in fields)


def test_query_all_iter_crosses_pages_without_loss(sf):
    total = sf.query("SELECT COUNT() FROM Contact")["totalSize"]
    assert total > 200
    sf.headers["Sforce-Query-Options"] = "batchSize=200"
    ids = [r["Id"] for r in sf.query_all_iter("SELECT Id FROM Contact")]
    assert len(ids) == total
    assert len(set(ids)) == total


def test_query_all_also_answers_deleted_records(sf):
    live = sf.query("SELECT COUNT() FROM Account")["totalSize"]
    every = sf.query("SELECT COUNT() FROM Account", include_deleted=True)["totalSize"]
    dead = sf.query("SELECT COUNT() FROM Account WHERE IsDeleted = true",
                    include_deleted=True)["totalSize"]
    assert every == live + dead


def test_bulk2_query_gives_the_rows_of_the_rest_query(sf):
    soql = "SELECT Id, Name, Industry, AnnualRevenue, CreatedDate FROM Account"
    by_rest = {r["Id"]: r for r in sf.query_all_iter(soql)}
    rows = bulk_rows(sf.bulk2.Account.query(soql, max_records=100))
    assert len(rows) == len(by_rest)
    for row in rows:
        assert row["Name"] == by_rest[row["Id"]]["Name"]
        assert row["Industry"] == (by_rest[row["Id"]]["Industry"] or "")
        assert (row["AnnualRevenue"] == "") == (by_rest[row["Id"]]["AnnualRevenue"] is None)
        assert row["CreatedDate"].endswith("Z")


def test_record_lives_from_create_to_delete(sf):
    made = sf.Account.create({"Name": "Grüße & Söhne", "Industry": "Energy"})
    assert made["success"] and len(made["id"]) == 18
    assert sf.Account.get(made["id"])["Name"] == "Grüße & Söhne"
    assert sf.Account.update(made["id"], {"Name": "O'Hara \"Ltd\""}) == 204
    found = sf.query("SELECT Name FROM Account WHERE Id = '%s'" % made["id"])
    assert found["records"][0]["Name"] == "O'Hara \"Ltd\""
    assert sf.Account.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound):
        sf.Account.get(made["id"])


def test_limits_fall_with_use(sf):
    before = sf.limits()["DailyApiRequests"]["Remaining"]
    sf.query("SELECT Id FROM Account LIMIT 1")
    assert sf.limits()["DailyApiRequests"]["Remaining"] == before - 2
    assert sf.api_usage["api-usage"].used > 0


def test_errors_carry_the_vendors_codes(sf):
    with pytest.raises(SalesforceMalformedRequest) as malformed:
        sf.query("SELEC Id FROM Account")
    assert malformed.value.content[0]["errorCode"] == "MALFORMED_QUERY"
    with pytest.raises(SalesforceMalformedRequest) as field:
        sf.query("SELECT Nope FROM Account")
    assert field.value.content[0]["errorCode"] == "INVALID_FIELD"
    with pytest.raises(SalesforceMalformedRequest) as entity:
        sf.query("SELECT Id FROM Nope")
    assert entity.value.content[0]["errorCode"] == "INVALID_TYPE"


def test_expired_session_is_told_as_such(org, sf):
    admin(org, "POST", "faults", {"effect": "expire_tokens", "path": "*/query*", "times": 1})
    with pytest.raises(Exception) as expired:
        sf.query("SELECT Id FROM Account LIMIT 1")
    assert expired.value.status == 401
    assert expired.value.content[0]["errorCode"] == "INVALID_SESSION_ID"
    admin(org, "DELETE", "faults")


def test_hidden_field_is_gone_from_describe_and_query(org, sf):
    admin(org, "POST", "fields", {"object": "Account", "field": "Fax", "hidden": True})
    try:
        assert "Fax" not in [f["name"] for f in sf.Account.describe()["fields"]]
        with pytest.raises(SalesforceMalformedRequest):
            sf.query("SELECT Fax FROM Account LIMIT 1")
    finally:
        admin(org, "POST", "fields", {"object": "Account", "field": "Fax", "hidden": False})
    assert "Fax" in [f["name"] for f in sf.Account.describe()["fields"]]
