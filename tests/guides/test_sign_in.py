"""The steps of docs/guides/sign-in.md against the sandbox org: the keys that the guide makes sign in."""

import json
import urllib.parse

from guides.blocks import blocks, run_line
from support.firn import Project


def upload(sandbox, name, certificate):
    client = urllib.parse.quote(sandbox.facts["client_id"])
    sandbox.ask("POST", f"apps/{client}/certificates", {"name": name, "pem": certificate.read_text()})


def test_the_five_steps_and_the_change_of_keys_work(sandbox, tmp_path):
    project = Project(tmp_path / "project", sandbox)
    make_pair, look, around = blocks("sign-in.md", "sh")
    run_line(make_pair, project.folder)
    upload(sandbox, "prod", project.folder / "prod.crt")
    config = project.folder / "firn.yaml"
    old_key = f"key: ${{file:{sandbox.facts['key_file']}}}"
    assert old_key in config.read_text()
    config.write_text(config.read_text().replace(old_key, "key: ${file:keys/prod.pem}"))
    login, doctor = look.strip().splitlines()
    assert "current" in run_line(login, project.folder).stdout
    assert "fail" not in run_line(doctor, project.folder).stdout
    for line in around.strip().splitlines():
        assert run_line(line, project.folder).stdout, line

    pair = blocks("sign-in.md", "yaml")[0].strip().splitlines()
    run_line(make_pair.replace("prod.pem", "prod-next.pem").replace("prod.crt", "next.crt"),
             project.folder)
    upload(sandbox, "next", project.folder / "next.crt")
    config.write_text(config.read_text().replace(pair[0], "\n      ".join(pair)))
    client = urllib.parse.quote(sandbox.facts["client_id"])
    sandbox.ask("DELETE", f"apps/{client}/certificates/prod")
    served = json.loads(run_line(login + " --json", project.folder).stdout)
    assert "next" in json.dumps(served)
