"""docs/guides/sandbox*.md: every command and every Python block of the pages, on an org that the first page starts.

The ports of the pages become free ones, and CLIENT_ID, TOKEN and the like become the org's own.
"""

import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys

import pytest

from guides.blocks import GUIDES, blocks, run_line
from support.firn import firn_path
from support.ports import quiet_ports
from support.pubsub import stubs

GUIDE = "sandbox.md"
EVENTS = "sandbox-events.md"
PAGES = (GUIDE, EVENTS, "sandbox-data-cloud.md", "sandbox-faults.md", "../reference/sandbox.md")
START_TRIES = 3


class Page:
    """The page as a reader sees it who has typed its first command."""

    def __init__(self, folder):
        self.folder = folder
        start = commands(blocks(GUIDE, "console")[0])[0] + " --background --scale 0.01"
        for attempt in range(START_TRIES):
            self.http, self.tls = quiet_ports(2)
            # A port may be taken between being found and being used.
            if run_line(self.mine(start), folder, check=attempt + 1 == START_TRIES).returncode == 0:
                break
        self.facts = json.loads((folder / "sandbox-org/running.json").read_text())
        app = json.loads((folder / "sandbox-org/apps.json").read_text())["apps"][0]
        token = run_line(f"curl -s http://127.0.0.1:{self.http}/services/oauth2/token -d grant_type=client_credentials "
                         f"-d client_id={app['client_id']} -d client_secret={app['client_secret']}", folder)
        self.words = {"CLIENT_ID": app["client_id"], "CLIENT_SECRET": app["client_secret"], "TOKEN": json.loads(token.stdout)["access_token"],
                      "USERNAME": self.facts["username"], "PROXY_PORT": self.facts["proxy_url"].rsplit(":", 1)[1],
                      "URL": f"http://127.0.0.1:{self.http}"}

    def mine(self, text):
        text = text.replace("8080", str(self.http)).replace("8443", str(self.tls))
        for word, value in getattr(self, "words", {}).items():
            quote = json.dumps(value) if f"={word}" in text and "Salesforce(" in text else value
            text = re.sub(rf"(?<![\w_]){word}(?![\w_])", lambda _, quote=quote: quote, text)
        return text


@pytest.fixture
def page(tmp_path):
    page = Page(tmp_path)
    yield page
    run_line("firn sandbox down", page.folder, check=False)


def commands(block):
    return [line[2:] for line in block.splitlines() if line.startswith("$ ")]


def all_commands(guide):
    """Lines behind a `$` prompt, and `curl` and `firn sandbox` commands inside the text."""
    page = (GUIDES / guide).read_text(encoding="utf-8")
    found = [line for block in blocks(guide, "console") for line in commands(block)] if "```console" in page else []
    text = re.sub(r"```.*?```", "", page, flags=re.S)
    inline = re.findall(r"`((?:curl -X|firn sandbox (?:seed|status|log)) ?[^`]*)`", text)
    return [line for line in found if " up " not in line] + [line.replace("1000000", "1000") for line in inline]


def certificate_as_json(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "next.key", "-out",
                    "next.crt", "-subj", "/CN=next"], cwd=folder, check=True, capture_output=True)
    return json.dumps((folder / "next.crt").read_text())[1:-1]


@pytest.mark.parametrize("guide", PAGES)
def test_every_command_of_the_pages_works(page, guide):
    lines = all_commands(guide)
    assert len(lines) >= 2, lines
    for line in lines:
        line = page.mine(line).replace("-----BEGIN CERTIFICATE-----...", certificate_as_json(page.folder))
        if line.startswith("curl"):
            line = line.replace("curl", "curl --fail-with-body -sS", 1)
        run_line(line, page.folder)


@pytest.mark.parametrize("block", range(2))
def test_every_python_block_of_the_page_works(page, block):
    text = page.mine(blocks(GUIDE, "python")[block])
    lead, code = text.split("\n", 1)
    if "import" not in code:
        code = "from simple_salesforce import Salesforce\n" + code
    code += "\nprint(sf.query('SELECT count() FROM User')['totalSize'])\n"
    environment = {**os.environ, "no_proxy": "", "NO_PROXY": "",
                   **dict(word.split("=", 1) for word in lead.removeprefix("# ").split())}
    environment["PATH"] = os.path.dirname(firn_path()) + ":" + environment["PATH"]
    done = subprocess.run([sys.executable, "-c", code], cwd=page.folder,
                          env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) > 0


def test_the_events_block_of_the_page_works(page):
    import grpc
    pb, rpc = stubs()
    code = blocks(EVENTS, "python")[0].replace(": ...", ": break\nassert response.events")
    names = {**vars(pb), **vars(rpc), "grpc": grpc, "PUBSUB_ENDPOINT": page.facts["pubsub_endpoint"],
             "TOKEN": page.words["TOKEN"], "URL": page.words["URL"], "ORG_ID": page.facts["org_id"]}
    run_line(f"curl --fail-with-body -sS {page.words['URL']}/services/data/v60.0/sobjects/Account "
             f"-H 'Authorization: Bearer {page.words['TOKEN']}' -H 'Content-Type: application/json' "
             "-d '{\"Name\":\"Acme\"}'", page.folder)
    exec(code, names)


def test_a_project_made_for_the_running_org_signs_in(page):
    run_line("firn init 'a try' --sandbox sandbox-org", page.folder)
    login = run_line("firn org login --project 'a try' --json", page.folder)
    assert json.loads(login.stdout)["org_id"] == page.facts["org_id"]


def test_a_second_start_in_the_background_leaves_the_first_within_reach(page):
    again = run_line("firn sandbox up --background", page.folder, check=False)
    assert again.returncode == 1
    assert "BASE-LOCK-001" in again.stderr, again.stderr
    run_line("firn sandbox status", page.folder)


def test_what_kept_the_background_from_starting_is_said(page):
    other = run_line(f"firn sandbox up --background --scale 0 --folder other --port {page.http}", page.folder, check=False)
    assert other.returncode == 1
    assert "CLI-SANDBOX-001" in other.stderr and str(page.http) in other.stderr, other.stderr


def test_an_org_whose_process_was_killed_is_not_taken_for_a_running_one(page):
    os.kill(page.facts["pid"], signal.SIGKILL)
    with open(page.folder / "sandbox-org/org.lock", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until the kernel has ended it
    status = run_line("firn sandbox status", page.folder, check=False)
    assert status.returncode == 6
    assert "CLI-SANDBOX-002" in status.stderr, status.stderr
    run_line("firn sandbox snapshot --to copied", page.folder)  # of an org that does not run
    assert (page.folder / "copied/org.db").exists()


def ports_of(folder):
    facts = json.loads((folder / "sandbox-org/running.json").read_text())
    return {key: value.rsplit(":", 1)[1] for key, value in facts.items() if key.endswith(("_url", "endpoint"))}


def test_a_later_start_takes_the_same_ports_and_others_where_one_is_taken(tmp_path):
    chosen = quiet_ports(5)
    names = ("port", "tls-port", "proxy-port", "pubsub-port", "pubsub-tls-port")
    words = " ".join(f"--{name} {port}" for name, port in zip(names, chosen))
    start = "firn sandbox up --background --scale 0"
    run_line(f"{start} {words}", tmp_path)
    first = ports_of(tmp_path)
    run_line("firn sandbox down", tmp_path)
    run_line(start, tmp_path)
    assert ports_of(tmp_path) == first
    run_line("firn sandbox down", tmp_path)
    with socket.create_server(("127.0.0.1", chosen[0])):
        run_line(start, tmp_path)
        assert ports_of(tmp_path)["http_url"] != first["http_url"]
        run_line("firn sandbox status && firn sandbox down", tmp_path)
