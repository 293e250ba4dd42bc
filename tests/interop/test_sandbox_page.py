"""The sandbox's page at `/`, in headless Chromium driven through chromedriver's own protocol.

What could go wrong in production: the page that is to show what an org does shows nothing, or runs
what a client sent as markup.
"""

import json
import shutil
import subprocess
import time
import urllib.parse
import urllib.request

import pytest

from support.firn import Sandbox

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")
WAIT_SECONDS_MAX = 300


class Browser:
    """One session of chromedriver; elements are found by CSS selector."""

    def __init__(self, profile):
        # Port 0: the driver takes a free one and says which.
        self.driver = subprocess.Popen([DRIVER, "--port=0"], stdout=subprocess.PIPE, text=True)
        for line in self.driver.stdout:
            if "was started successfully on port" in line:
                self.root = "http://127.0.0.1:" + line.strip().rstrip(".").split()[-1]
                break
        arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                     "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
                     f"--user-data-dir={profile}"]
        made = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": CHROMIUM, "args": arguments}}}})
        self.session = "/session/" + made["sessionId"]

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            self.root + path, method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=300) as answer:
            return json.load(answer)["value"]

    def go(self, url):
        self.ask("POST", self.session + "/url", {"url": url})

    def run(self, script):
        return self.ask("POST", self.session + "/execute/sync", {"script": script, "args": []})

    def until(self, script):
        """What the script answers, once that is true."""
        end = time.monotonic() + WAIT_SECONDS_MAX
        while True:
            found = self.run(script)
            if found:
                return found
            assert time.monotonic() < end, script + "\n" + self.run("return document.body.innerText")

    def text(self, selector):
        return self.run(f"return document.querySelector({json.dumps(selector)}).innerText")

    def close(self):
        try:
            self.ask("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait(120)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    with Sandbox(folder / "org", scale=0.01) as org:
        browser = Browser(folder / "profile")
        try:
            browser.go(org.url + "/")
            browser.until("return document.querySelectorAll('#objects tr').length > 40")
            yield org, browser
        finally:
            browser.close()


def set_value(browser, element, text):
    browser.run(f"document.getElementById({json.dumps(element)}).value = {json.dumps(text)}")


def test_page_shows_the_org_its_objects_and_its_budget(page):
    org, browser = page
    assert browser.text("#org").startswith("00D")
    rows = browser.text("#objects")
    assert "Account" in rows and "VoiceCall" in rows
    assert "api requests" in browser.text("#limits")


def test_query_box_shows_rows_and_the_vendors_error(page):
    org, browser = page
    set_value(browser, "soql", "SELECT Id, Account.Name FROM Contact WHERE AccountId != null LIMIT 3")
    browser.run("document.getElementById('run').click()")
    browser.until("return document.querySelectorAll('#rows tr').length == 3")
    assert browser.text("#columns").split() == ["Id", "Account.Name"]
    set_value(browser, "soql", "SELECT Nope FROM Contact")
    browser.run("document.getElementById('run').click()")
    error = browser.until("return document.getElementById('soql-error').innerText")
    assert "INVALID_FIELD" in error


def test_requests_and_faults_appear_without_a_reload(page):
    org, browser = page
    request = urllib.request.Request(org.url + "/services/data", headers={
        "User-Agent": "<img src=x onerror=document.title='hacked'>"})
    urllib.request.urlopen(request, timeout=300).read()
    browser.until("return document.getElementById('log').innerText.includes('/services/data')")
    assert "<img" in browser.text("#log")
    assert browser.run("return document.title") == "Firn sandbox"
    set_value(browser, "fault", '{"effect":"delay","ms":1,"name":"slow"}')
    browser.run("document.querySelector('#fault-form button').click()")
    browser.until("return document.getElementById('faults').innerText.includes('slow')")
    set_value(browser, "fault", '{"effect":"nonsense"}')
    browser.run("document.querySelector('#fault-form button').click()")
    browser.until("return document.getElementById('fault-error').innerText.length > 0")
    browser.run("document.getElementById('clear').click()")
    browser.until("return document.getElementById('faults').innerText.includes('none set')")


def test_sign_in_and_approval_pages_lead_back_with_a_code(page):
    org, browser = page
    app = json.load(urllib.request.urlopen(org.url + "/sandbox/apps", timeout=300))[0]
    change = urllib.request.Request(
        org.url + "/sandbox/apps", method="POST",
        data=json.dumps({"client_id": app["client_id"], "self_authorize": True,
                         "redirect_uris": [org.url + "/"]}).encode())
    urllib.request.urlopen(change, timeout=300).read()
    browser.go(org.url + "/services/oauth2/authorize?" + urllib.parse.urlencode(
        {"response_type": "code", "client_id": app["client_id"], "redirect_uri": org.url + "/",
         "state": "s"}))
    set_value(browser, "username", "admin@firn.sandbox")
    set_value(browser, "password", "any")
    browser.run("document.getElementById('Login').click()")
    browser.until("return document.getElementById('oaapprove') !== null")
    browser.run("document.getElementById('oaapprove').click()")
    browser.until("return location.search.includes('code=') && location.search.includes('state=s')")
