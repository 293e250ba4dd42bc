"""Every command with wrong, missing and doubled input, without a project, into a closed pipe and onto a full disk.

What could go wrong in production: a script that reads `--json` gets a second shape, or nothing, when a command fails; a message
stands among the data; a full disk passes for the end of the data; an error does not say what to do.
"""

import json
import os
import subprocess

import pytest

from support.firn import COMMAND_SECONDS_MAX, firn, firn_environment, firn_path

DONE, FAILED, USAGE, SIGN_IN, LIMIT, UNREACHABLE, BUG = 0, 1, 2, 4, 5, 6, 70
# They serve, or make a folder of their own, whatever stands here.
NOT_RUN = {"demo", "init", "sandbox up"}
VALUES = {"--against": "67.0", "--from": "latest", "step": "begin", "shell": "bash"}


@pytest.fixture(scope="module")
def commands():
    return [command for command in firn("help", "--all", "--json").json()["commands"] if command["path"] not in NOT_RUN]


def needed(command):
    """What the command cannot do without."""
    words = command["path"].split()
    for argument in command["arguments"]:
        if argument["required"]:
            words.append((argument["choices"] or [VALUES.get(argument["name"], "x")])[0])
    for option in command["options"]:
        if option["required"]:
            words += [f"--{option['name']}", VALUES.get(f"--{option['name']}", "x")]
    return words


def documents(text):
    """Lines of stdout: each a JSON object that begins with its format."""
    found = []
    for line in text.splitlines():
        assert line.startswith('{"format":"firn.'), line
        found.append(json.loads(line))
    return found


def the_error(done, code=USAGE):
    """The one error that a failed command prints with --json; it also stands on stderr."""
    assert done.code == code, done
    (error,) = documents(done.out)
    assert error["format"] == "firn.error/1" and error["what"] and error["code"] and error["exit_code"] == code, done
    assert f"error[{error['code']}]: " in done.err, done
    return error


def test_unknown_option_is_one_error_on_both_streams(commands, tmp_path):
    for command in commands:
        error = the_error(firn(*needed(command), "--no-such-option", "--json", cwd=tmp_path))
        assert error["code"] == "CLI-USAGE-002" and error["hint"], command["path"]


def test_missing_argument_is_named(commands, tmp_path):
    for command in commands:
        if not any(argument["required"] for argument in command["arguments"]):
            continue
        error = the_error(firn(*command["path"].split(), "--json", cwd=tmp_path))
        assert error["code"] == "CLI-USAGE-004" and error["hint"], command["path"]


def test_value_out_of_its_type_is_refused_with_what_fits(commands, tmp_path):
    for command in commands:
        for option in command["options"]:
            if not option["choices"]:
                continue
            error = the_error(firn(*needed(command), f"--{option['name']}", "nonsense", "--json", cwd=tmp_path))
            assert error["code"] == "CLI-USAGE-003" and option["choices"][0] in error["what"], command["path"]


def test_option_given_twice_is_refused(commands, tmp_path):
    for command in commands:
        single = [option for option in command["options"] if option["value"] and not option["repeats"]]
        for option in single[:1]:
            value = (option["choices"] or ["1"])[0]
            words = [word for word in needed(command) if word != f"--{option['name']}"]
            done = firn(*words, f"--{option['name']}", value, f"--{option['name']}", value, "--json", cwd=tmp_path)
            the_error(done)


def test_without_a_project_each_command_says_so_or_does_its_work(commands, tmp_path):
    for command in commands:
        done = firn(*needed(command), "--json", cwd=tmp_path)
        # No sandbox runs here.
        assert done.code in (DONE, FAILED, USAGE) or command["path"].startswith("sandbox "), done
        found = documents(done.out)
        assert found or command["path"] == "events match", done
        if done.code == USAGE and found and found[-1]["format"] == "firn.error/1":
            assert len(found) == 1 and (found[0].get("hint") or found[0].get("why")), done
        assert "Traceback" not in done.err and "terminate called" not in done.err


def test_without_json_a_failed_command_prints_nothing_on_stdout(commands, tmp_path):
    for command in commands:
        done = firn(*needed(command), cwd=tmp_path)
        if done.code == USAGE:
            assert done.out == "" and "error[" in done.err, done


def test_help_of_each_command_fits_a_narrow_terminal(commands, tmp_path):
    for command in commands:
        page = firn(*command["path"].split(), "--help", cwd=tmp_path)
        assert page.code == DONE and page.err == "" and page.out.startswith(f"firn {command['path']}: "), page


def test_closed_pipe_is_no_error(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run([firn_path(), "help", "--all"], cwd=tmp_path, env=firn_environment(), stdout=writing,
                              stderr=subprocess.PIPE, text=True, timeout=COMMAND_SECONDS_MAX, check=False)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (DONE, "")


def test_full_disk_behind_stdout_is_an_error(tmp_path):
    for words in (["help", "--all"], ["version"], ["explain", "--json"], ["completion", "zsh"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([firn_path(), *words], cwd=tmp_path, env=firn_environment(), stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=COMMAND_SECONDS_MAX, check=False)
        assert done.returncode == FAILED and "CLI-OUTPUT-001" in done.stderr, (words, done)


CONFIG = """name: sales
orgs:
  - id: prod
    login_url: http://127.0.0.1:9
    auth: {flow: client_credentials, client_id: a, client_secret: "${file:secret}"}
"""


@pytest.fixture
def fresh(tmp_path):
    """A project that nothing has been done with, of an org that cannot be reached."""
    (tmp_path / "firn.yaml").write_text(CONFIG)
    (tmp_path / "secret").write_text("s")
    return tmp_path


LISTS = ("export list", "runs", "events dlq list", "events quarantine list", "events rules list", "org list", "lake list",
         "lake maintain", "lake maintain --plan", "lake forget 001000000000001AAA --plan")


def test_lists_of_a_fresh_project_are_empty_and_no_error(fresh):
    for words in LISTS:
        done = firn(*words.split(), "--json", cwd=fresh)
        assert done.code == DONE, done
        (document,) = documents(done.out)
        assert isinstance(document["rows"], list), done


def test_list_of_tables_of_a_fresh_project_says_what_to_do_and_makes_nothing(fresh):
    done = firn("lake", "list", cwd=fresh)
    assert (done.code, done.out, done.err) == (DONE, "", "no tables yet: `firn export run` makes them\n"), done
    assert sorted(entry.name for entry in fresh.iterdir()) == ["firn.yaml", "secret"]


def test_table_of_a_fresh_project_is_not_there_and_the_way_to_it_is_named(fresh):
    for words in ("lake show Account", "lake rows salesforce.Account", "lake schema Account", "lake history Account"):
        error = the_error(firn(*words.split(), "--json", cwd=fresh), FAILED)
        assert error["code"] == "LAKE-TABLE-001" and "firn export run" in error["hint"], words


def test_warehouse_that_was_typed_and_is_not_there_is_no_empty_one(fresh):
    error = the_error(firn("lake", "list", "--warehouse", "nowhere", "--json", cwd=fresh), FAILED)
    assert error["code"] == "LAKE-CATALOG-003" and error["hint"]


def test_commands_that_need_the_org_say_that_it_cannot_be_reached(fresh):
    for words in ("org show", "org limits", "org login", "export plan Account", "export run Account", "events plan"):
        error = the_error(firn(*words.split(), "--json", cwd=fresh), UNREACHABLE)
        assert error["hint"] and error["what"], words


def test_named_file_that_is_not_there_is_wrong_usage_everywhere(fresh):
    for words in (["events", "match", "none.jsonl"], ["events", "put", "none.jsonl"],
                  ["lake", "serve", "--port", "0", "--tls-cert", "none.pem", "--tls-key", "none.pem"],
                  ["lake", "serve", "--port", "0", "--principals", "none.yaml"],
                  ["lake", "publish", "a.B", "--contract", "none.yaml", "--query", "SELECT 1"],
                  ["lake", "import", "--table", "a.B", "--pages", "none.csv", "--describe", "none.json"],
                  ["events", "dlq", "edit", "1", "none.json"]):
        done = firn(*words, "--json", cwd=fresh)
        assert done.code == USAGE, done


def test_report_that_cannot_be_written_is_refused_before_anything_is_read(fresh):
    for place in ("nowhere/report.md", "."):
        error = the_error(firn("export", "run", "Account", "--report", place, "--json", cwd=fresh))
        assert error["code"] == "CLI-FILE-002" and error["where"].endswith(place), error


def test_project_is_named_by_its_file_too(fresh):
    for place in ("firn.yaml", fresh / "firn.yaml"):
        assert firn("config", "check", "--project", place, cwd=fresh).code == DONE


def test_yaml_that_cannot_be_read_says_what_to_mend(fresh):
    for text, hint in ((CONFIG.replace("    login_url", "\tlogin_url"), "spaces"), ("name: [x\n", "bracket"),
                       ("name: \0x\n", "UTF-8")):
        (fresh / "firn.yaml").write_text(text)
        error = the_error(firn("org", "list", "--json", cwd=fresh))
        assert error["code"] == "CONFIG-YAML-001" and hint in error["hint"], error


def test_line_ends_and_byte_order_mark_of_another_system_are_read(fresh):
    (fresh / "firn.yaml").write_bytes(b"\xef\xbb\xbf" + CONFIG.replace("\n", "\r\n").encode())
    assert firn("config", "check", cwd=fresh).code == DONE


def test_config_check_has_one_shape(fresh):
    good = firn("config", "check", "--json", cwd=fresh)
    (document,) = documents(good.out)
    assert good.code == DONE and document["ok"] is True and document["problems"] == []
    (fresh / "firn.yaml").write_text("nmae: x\norgz: []\n")
    bad = firn("config", "check", "--json", cwd=fresh)
    (broken,) = documents(bad.out)
    assert bad.code == USAGE and broken["ok"] is False and len(broken["problems"]) > 1
    assert list(broken) == list(document)
    (fresh / "firn.yaml").write_text("name: [x\n")
    torn = firn("config", "check", "--json", cwd=fresh)
    (one,) = documents(torn.out)
    assert torn.code == USAGE and list(one) == list(document) and len(one["problems"]) == 1


def test_state_folder_that_cannot_be_made_is_named(fresh):
    (fresh / ".firn").write_text("a file where the folder should be")
    done = firn("export", "run", "Account", "--json", cwd=fresh)
    error = the_error(done, FAILED)
    assert ".firn" in json.dumps(error), done
