"""`firn doctor pubsub`: why the events of an org do not come, in words that say who must act.

What could go wrong in production: REST passes through the proxy and gRPC does not; the firewall drops port 7443; a proxy opens
TLS and shows a certificate of its own; and all that anybody sees is that an event stream ended.
"""

import socket
import threading

import pytest

from support.firn import Project, Sandbox
from support.relay import Relay


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with Sandbox(tmp_path_factory.mktemp("org"), tls=True) as org:
        yield org


class Refusing:
    """A proxy that answers every CONNECT with a status."""

    def __init__(self, status):
        self.status = status
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return
            with client:
                client.recv(4096)
                client.sendall(f"HTTP/1.1 {self.status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listening.close()


@pytest.fixture
def project(tmp_path, sandbox):
    return Project(tmp_path / "project", sandbox)


def lead(project, endpoint, more=""):
    """The Pub/Sub API is to be there."""
    path = project.folder / "firn.yaml"
    lines = [line for line in path.read_text().splitlines() if "pubsub_endpoint" not in line]
    at = next(i for i, line in enumerate(lines) if "api_version" in line)
    lines[at + 1:at + 1] = [f'    pubsub_endpoint: "{endpoint}"', *([f"    {more}"] if more else [])]
    path.write_text("\n".join(lines) + "\n")


def follows(project):
    """The project is one that lives from events."""
    path = project.folder / "firn.yaml"
    path.write_text(path.read_text() + "events:\n  - org: prod\n")


def look(project, **environment):
    done = project.firn("doctor", "pubsub", "--json", **environment)
    checks = {check["check"]: check for check in done.json()["checks"]}
    assert checks["sign-in"]["status"] == "ok", done
    return done, checks["pubsub"]


def test_pubsub_that_answers_is_well(project):
    done, check = look(project)
    assert done.code == 0 and check["status"] == "ok" and "answers" in check["fact"], done


def test_pubsub_port_that_is_closed_is_told_with_host_and_port(project):
    with socket.socket() as held:  # bound, never listening
        held.bind(("127.0.0.1", 0))
        endpoint = f"localhost:{held.getsockname()[1]}"
        lead(project, endpoint)
        done, check = look(project)
    assert check["status"] == "warn" and done.code == 0, done
    assert f"`{endpoint}` cannot be reached" in check["fact"] and "connect" in check["fact"], done
    assert "firewall" in check["remedy"], done


def test_pubsub_that_a_project_lives_from_is_a_failure(project):
    follows(project)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        lead(project, f"localhost:{held.getsockname()[1]}")
        done, check = look(project)
    assert check["status"] == "fail" and done.code == 1, done


def test_pubsub_name_that_does_not_resolve_is_told(project):
    lead(project, "pubsub.invalid:7443")
    _, check = look(project)
    assert "resolve host" in check["fact"] and "name service" in check["remedy"], check


def test_pubsub_certificate_of_a_proxy_that_opens_tls_is_told(project, sandbox, tmp_path):
    with Relay(sandbox.facts["pubsub_tls_endpoint"]) as relay:
        relay.swap(tmp_path)
        lead(project, relay.endpoint)
        _, check = look(project)
    assert "certificate" in check["fact"] and "ca_file" in check["remedy"], check


def test_token_of_an_org_on_this_machine_is_not_taken_to_salesforce(project):
    path = project.folder / "firn.yaml"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if "pubsub_endpoint" not in line))
    done, check = look(project)
    assert done.code == 0 and check["status"] == "skip" and "pubsub_endpoint" in check["remedy"], done
    follows(project)
    done, check = look(project)
    assert done.code == 1 and check["status"] == "fail", done


# The proxy alone would know where that is: nothing is asked of it but to connect.
BEHIND_THE_PROXY = "api.pubsub.example:7443"


def test_pubsub_proxy_that_refuses_to_connect_is_told_with_its_status(project):
    with Refusing("403 Forbidden") as proxy:
        lead(project, BEHIND_THE_PROXY)
        _, check = look(project, HTTPS_PROXY=proxy.url, https_proxy=proxy.url)
    assert "proxy" in check["fact"] and "403" in check["fact"], check
    assert "CONNECT" in check["remedy"], check


def test_pubsub_proxy_whose_name_does_not_resolve_is_told(project):
    lead(project, BEHIND_THE_PROXY)
    _, check = look(project, HTTPS_PROXY="http://proxy.invalid:3128", https_proxy="http://proxy.invalid:3128")
    assert "resolve proxy" in check["fact"] and "HTTPS_PROXY" in check["remedy"], check
