"""Signing in, and sessions that die on the way.

What could go wrong in production: the operator reads `invalid_grant` and nothing else, a rotation of
keys stops the night's export, a session that dies in mid-run loses rows, or a 401 that no new session
can cure is asked for again and again until the org locks the user.
"""

import json
import subprocess

import pytest

from support.firn import Project, Sandbox, firn_environment, firn_path

SIGN_IN_NEEDED = 4


@pytest.fixture
def sandbox(tmp_path):
    with Sandbox(tmp_path / "org") as org:
        org.seed("Account", 200)
        org.seed("Contact", 100)
        yield org


@pytest.fixture
def project(tmp_path, sandbox):
    return Project(tmp_path / "project", sandbox)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    """A private key that no org knows."""
    path = tmp_path_factory.mktemp("keys") / "stranger.pem"
    path.write_text(subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, text=True,
                                   check=True).stdout)
    return path


def change(project, old, new):
    path = project.folder / "firn.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def asked(sandbox, part):
    return [line for line in sandbox.requests()
            if part in line["path"] and line["client"] != "Python-urllib"]


def error_of(done):
    found = done.json()
    return found.get("error", found)


def test_wrong_key_is_named_asked_once_and_never_printed(project, sandbox, stranger):
    change(project, sandbox.facts["key_file"], str(stranger))
    done = project.firn("org", "login", "--json")
    assert done.code == SIGN_IN_NEEDED, done
    error = error_of(done)
    assert error["code"] in ("SF-AUTH-001", "SF-AUTH-005"), error
    assert error["api_code"] == "invalid_grant"
    assert len(asked(sandbox, "oauth2/token")) == 1
    for line in stranger.read_text().splitlines()[1:4]:
        assert line not in done.out + done.err


def test_refused_key_falls_over_to_the_next_and_says_so(project, sandbox, stranger):
    key = f"key: ${{file:{sandbox.facts['key_file']}}}"
    change(project, key, f"key: ${{file:{stranger}}}\n      next_{key}")
    done = project.firn("org", "login", "--json")
    assert done.code == 0, done
    assert "next key" in done.out
    assert "the current one was refused" in done.out + done.err


def test_clock_behind_the_org_is_told_in_minutes(project, sandbox):
    sandbox.ask("POST", "clock", {"offset_seconds": 600})
    done = project.firn("org", "login", "--json")
    assert done.code == SIGN_IN_NEEDED, done
    error = error_of(done)
    assert error["code"] == "SF-AUTH-004", error
    assert "this machine's clock is 10 min behind the org's" in error["why"], error


@pytest.mark.parametrize("where", ["*/results*", "*/jobs/query", "*/jobs/query/*", "*/describe"])
def test_session_revoked_in_mid_run_is_renewed_and_nothing_is_lost(project, sandbox, where):
    sandbox.fault(effect="expire_tokens", path=where, nth=1, times=1)
    done = project.export("Account", "Contact", "--page-rows", 50)
    assert done.code == 0, done
    assert project.report()["verdict"] == "exact"
    assert 2 <= len(asked(sandbox, "oauth2/token")) <= 3


def test_401_that_is_not_expiry_stops_with_its_cause_and_is_not_repeated(project, sandbox):
    text = "This session is not valid for use with the REST API"
    sandbox.fault(effect="status", status=401, code="INVALID_SESSION_ID", message=text,
                  path="*/limits")
    done = project.firn("org", "show", "--json")
    assert done.code == SIGN_IN_NEEDED, done
    error = error_of(done)
    assert error["code"] == "SF-AUTH-007", error
    assert text in error["why"]
    assert len(asked(sandbox, "oauth2/token")) == 1
    assert len(asked(sandbox, "/limits")) == 1


def test_session_that_is_never_accepted_is_renewed_once(project, sandbox):
    sandbox.fault(effect="status", status=401, code="INVALID_SESSION_ID",
                  message="Session expired or invalid", path="*/limits")
    done = project.firn("org", "show", "--json")
    assert done.code == SIGN_IN_NEEDED, done
    assert len(asked(sandbox, "oauth2/token")) == 2
    assert len(asked(sandbox, "/limits")) == 2


def test_api_version_that_the_org_does_not_offer_is_refused_with_the_newest(project):
    change(project, 'api_version: "62.0"', 'api_version: "99.0"')
    done = project.firn("org", "show", "--json")
    assert done.code != 0, done
    error = error_of(done)
    assert error["code"] == "SF-REST-004", error
    assert "its newest is" in error["why"]
    assert "api_version" in error["hint"]


def test_rotating_refresh_token_serves_run_after_run_and_several_at_once(project, sandbox):
    client = sandbox.facts["client_id"]
    sandbox.ask("POST", "apps", {"client_id": client, "rotate_refresh_tokens": True})
    token = sandbox.ask("POST", f"apps/{client}/refresh_tokens")["refresh_token"]
    secret = json.loads((sandbox.folder / "apps.json").read_text())["apps"][0]["client_secret"]
    change(project, "flow: jwt", "flow: refresh_token\n      client_secret: ${env:APP_SECRET}\n"
                                 "      refresh_token: ${env:APP_TOKEN}")
    for name in ("username", "key"):
        lines = (project.folder / "firn.yaml").read_text().splitlines(keepends=True)
        (project.folder / "firn.yaml").write_text(
            "".join(line for line in lines if not line.strip().startswith(f"{name}:")))
    environment = firn_environment(APP_SECRET=secret, APP_TOKEN=token)
    for _ in range(2):
        runs = [subprocess.Popen([firn_path(), "org", "login"], cwd=project.folder,
                                 env=environment, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True) for _ in range(4)]
        for run in runs:
            out, err = run.communicate(timeout=300)
            assert run.returncode == 0, out + err
            assert token not in out + err and secret not in out + err
    kept = project.folder / ".firn/tokens/prod.refresh-token"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.read_text() != token
