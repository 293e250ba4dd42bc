"""The commands of docs/guides/export.md, run as they stand there."""

import pathlib
import re
import subprocess

from support.firn import firn_environment, firn_path

GUIDE = pathlib.Path(__file__).resolve().parents[2] / "docs/guides/export.md"


def test_every_command_of_the_export_guide_works(project, sandbox):
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S)
    assert blocks
    environment = firn_environment()
    environment["PATH"] = str(pathlib.Path(firn_path()).parent) + ":" + environment["PATH"]
    for block in blocks:
        for line in block.strip().splitlines():
            done = subprocess.run(line, shell=True, cwd=project.folder, env=environment,
                                  capture_output=True, text=True, timeout=120, check=False)
            assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    assert "# Export" in (project.folder / "report.md").read_text()
