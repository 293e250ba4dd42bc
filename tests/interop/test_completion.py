"""Completions in the shells themselves, and manual pages in man's own programs.

What could go wrong in production: a script that a shell reads without complaint and then offers nothing, or a page that the
formatter shows with a part missing.
"""

import os
import pathlib
import pty
import select
import shutil
import subprocess
import time

import pytest

from support.firn import COMMAND_SECONDS_MAX, firn, firn_environment, firn_path

CONFIG = """name: sales
orgs:
  - id: prod
    login_url: https://example.my.salesforce.com
    auth: {client_id: a, username: u, key: "${file:k.pem}"}
  - id: desk
    login_url: http://127.0.0.1:9
    auth: {client_id: a, username: u, key: "${file:k.pem}"}
objects:
  - name: Invoice__c
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "firn.yaml").write_text(CONFIG)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "firn").symlink_to(firn_path())
    (tmp_path / "cert.pem").write_text("")
    return tmp_path


def environment(folder):
    return firn_environment(PATH=f"{folder / 'bin'}:/usr/bin:/bin", HOME=str(folder), TERM="dumb", LC_ALL="C.UTF-8",
                            INPUTRC="/dev/null", PS1="ready> ")


class Shell:
    """A shell on a terminal of its own, typed at like by a person."""

    def __init__(self, folder, *words):
        self.main, side = pty.openpty()
        self.process = subprocess.Popen(words, cwd=folder, env=environment(folder), stdin=side, stdout=side, stderr=side,
                                        start_new_session=True)
        os.close(side)
        self.seen = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.main)

    def type(self, text):
        os.write(self.main, text.encode())

    def until(self, text):
        """What was shown up to `text`, which must come."""
        end = time.monotonic() + COMMAND_SECONDS_MAX
        while text not in self.seen:
            assert time.monotonic() < end, self.seen
            if select.select([self.main], [], [], 1)[0]:
                self.seen += os.read(self.main, 65536).decode(errors="replace").replace("\r", "")
        shown, self.seen = self.seen.split(text, 1)
        return shown


def bash_offers(folder, *words):
    """What bash itself would show: its own function, its own arrays."""
    script = ('source <(firn completion bash); complete -p firn >/dev/null; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1));'
              '_firn 2>/dev/null; printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "--norc", "-c", script, "bash", "firn", *words], cwd=folder, env=environment(folder),
                          capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX, check=False)
    return [line for line in done.stdout.splitlines() if line]


def test_bash_offers_words_options_values_and_names_of_the_project(folder):
    assert bash_offers(folder, "exp") == ["export", "explain"]
    assert bash_offers(folder, "export", "r") == ["run", "resume"]
    assert "--except" in bash_offers(folder, "export", "run", "--")
    assert bash_offers(folder, "export", "run", "--mode", "") == ["full", "incremental"]
    assert bash_offers(folder, "export", "run", "--mode", "=", "f") == ["full"]
    assert bash_offers(folder, "export", "list", "--org", "") == ["prod", "desk"]
    assert bash_offers(folder, "export", "run", "In") == ["Invoice__c"]
    assert bash_offers(folder, "lake", "serve", "--tls-cert", "ce") == ["cert.pem"]


def test_bash_completes_a_line_that_a_person_types(folder):
    with Shell(folder, "bash", "--norc", "--noprofile", "-i") as shell:
        shell.until("ready> ")
        shell.type("source <(firn completion bash); echo loaded$((1+1))\n")
        shell.until("loaded2")
        shell.until("ready> ")
        shell.type("firn org li\t")
        shell.until("firn org li")
        # Two words begin so: the common part is there already; a letter more decides.
        shell.type("s\t--help\n")
        shell.until("the orgs that firn.yaml names")


def test_completion_never_speaks_of_trouble(folder):
    (folder / "firn.yaml").write_text("name: [broken\n")
    asked = firn("__complete", "export", "run", "--org", "", cwd=folder)
    assert (asked.code, asked.out, asked.err) == (0, ":\n", "")
    asked = firn("__complete", "lake", "show", "", cwd=folder.parent)
    assert (asked.code, asked.err) == (0, "")


def test_zsh_reads_the_script_and_completes_a_line(folder):
    checked = subprocess.run(["zsh", "-f", "-n", "/dev/stdin"], input=firn("completion", "zsh").out, text=True,
                             capture_output=True, check=False)
    assert checked.returncode == 0, checked.stderr
    with Shell(folder, "zsh", "-f", "-i") as shell:
        shell.type("PS1='re''ady> '; unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -u -D\n")
        shell.until("ready> ")
        shell.type("source <(firn completion zsh); echo loaded$((1+1))\n")
        shell.until("loaded2")
        shell.until("ready> ")
        shell.type("firn debug faul\t; echo done$((1+1))\n")
        assert "exports.run.created" in shell.until("done2")


def test_fish_offers_what_firn_answers(folder):
    def offers(line):
        done = subprocess.run(["fish", "--no-config", "-c", f"firn completion fish | source; complete -C '{line}'"],
                              cwd=folder, env=environment(folder), capture_output=True, text=True,
                              timeout=COMMAND_SECONDS_MAX, check=True)
        return [entry.split("\t")[0] for entry in done.stdout.splitlines()]

    assert offers("firn exp") == ["export", "explain"] or sorted(offers("firn exp")) == ["explain", "export"]
    assert sorted(offers("firn export list --org ")) == ["desk", "prod"]
    assert offers("firn export run In") == ["Invoice__c"]
    assert "cert.pem" in offers("firn lake serve --tls-cert ce")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("man") / "man1"
    made = firn("help", "--man", folder, "--json")
    assert made.code == 0, made
    found = sorted(folder.glob("*.1"))
    assert len(found) == made.json()["pages"] > 60
    return found


def test_every_command_has_a_page_without_a_complaint_of_mandoc(pages):
    commands = firn("help", "--all", "--json").json()["commands"]
    names = {page.stem for page in pages}
    assert {"firn-" + command["path"].replace(" ", "-") for command in commands} | {"firn"} == names
    linted = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *map(str, pages)], capture_output=True, text=True,
                            check=False)
    # A page of no date is meant: the same program gives the same page.
    complaints = [line for line in linted.stdout.splitlines() if "missing date" not in line]
    assert complaints == []


def test_groff_renders_every_page_without_a_warning(pages):
    for page in pages:
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", str(page)], capture_output=True, text=True,
                              check=True)
        assert done.stderr == "", page


def test_man_shows_a_page_with_all_its_parts(pages):
    done = subprocess.run(["man", "-M", str(pages[0].parent.parent), "firn-export-run"], capture_output=True, text=True,
                          check=True, env={"PATH": "/usr/bin:/bin", "MANWIDTH": "100", "LC_ALL": "C.UTF-8", "MANPAGER": "cat"})
    for part in ("SYNOPSIS", "firn export run [options] [OBJECT..]", "--threads N", "EXIT STATUS",
                 'firn export run Case --where "IsClosed = false"'):
        assert part in done.stdout, done.stdout
    assert shutil.which("man") and pathlib.Path(pages[0]).name == "firn-completion.1"
