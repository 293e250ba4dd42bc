"""The code blocks of a guide, and how to run its shell lines as a reader would."""

import pathlib
import re
import subprocess

from support.firn import firn_environment, firn_path

GUIDES = pathlib.Path(__file__).resolve().parents[2] / "docs/guides"
SECONDS_MAX = 300


def blocks(guide, language):
    """Texts of a guide's fenced blocks in one language, in the order of the page."""
    text = (GUIDES / guide).read_text(encoding="utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", text, re.S | re.M)
    assert found, f"{guide} has no block in {language}"
    return [re.sub(rf"^{indent}", "", body, flags=re.M) for indent, body in found]


def run_line(line, folder, check=True):
    """One shell line, with the built firn first on the path."""
    environment = firn_environment()
    environment["PATH"] = str(pathlib.Path(firn_path()).parent) + ":" + environment["PATH"]
    done = subprocess.run(["bash", "-c", line], cwd=folder, env=environment, capture_output=True,
                          text=True, timeout=SECONDS_MAX, check=False)
    if check:
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done
