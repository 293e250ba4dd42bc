"""./dev setup: everything a group needs, from Debian and PyPI by their own clients.

As root it uses apt-get, else sudo if that works without asking, else it prints the one apt line and
exits 2. Python parts go into .venv; Arrow's headers and libraries come out of the pinned wheel into
.deps/arrow. Nothing is installed twice: a second run takes a second.
"""
import hashlib
import os
import pathlib
import shutil
import sys
import zipfile

from dev import elf
from dev.shell import Failed, output, run, say

ROOT = pathlib.Path(__file__).resolve().parents[2]
LISTS = ROOT / "tools" / "setup"
GROUPS = ("build", "demo", "test", "bench")
# A later group stands on the ones before it.
NEEDS = {"build": ["build"], "demo": ["build", "demo"], "test": ["build", "demo", "test"],
         "bench": ["build", "demo", "test", "bench"]}


def setup(groups):
    wanted = []
    for group in groups or ["build"]:
        if group not in GROUPS:
            raise Failed(f"no group `{group}`: choose from {', '.join(GROUPS)}", 2)
        wanted += [need for need in NEEDS[group] if need not in wanted]
    check_machine()
    install_packages(wanted)
    unpack_arrow()
    hide_foreign_symbols()
    for group in wanted:
        fill_venv(group)
    if "test" in wanted:
        fetch_jars()
        fetch_node_clients()
        fill_tap_venv()


def check_machine():
    release = pathlib.Path("/etc/os-release").read_text() if os.path.exists("/etc/os-release") else ""
    if "VERSION_ID=\"12\"" not in release or "debian" not in release:
        say("this is not Debian 12: package names may differ (README, section Elsewhere)")


def read_list(path):
    if not path.exists():
        return []
    lines = [line.split("#")[0].strip() for line in path.read_text().splitlines()]
    return [line for line in lines if line]


def install_packages(groups):
    names = [name for group in groups for name in read_list(LISTS / f"packages-{group}.txt")]
    missing = [name for name in names if not is_installed(name)]
    if not missing:
        return
    if os.geteuid() == 0:
        prefix = []
    elif output("sudo", "-n", "echo", "yes") == "yes":
        prefix = ["sudo", "-n"]
    else:
        print("firn needs these packages; as root run:\n\n  apt-get update && apt-get install -y "
              "--no-install-recommends " + " ".join(missing) + "\n", file=sys.stderr)
        raise Failed("packages are missing", 2)
    say(f"installing {len(missing)} packages")
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    run(*prefix, "apt-get", "-q", "update", env=env, quiet=True)
    run(*prefix, "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0", "install", "-y",
        "--no-install-recommends", *missing, env=env, quiet=True)


def is_installed(name):
    return output("dpkg-query", "-W", "-f", "${db:Status-Status}", name) == "installed"


def system_python():
    """Debian's own python3: the venv must not hang on another one that happens to come first."""
    return "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable


def venv_python():
    return ROOT / ".venv" / "bin" / "python"


def make_venv():
    if not venv_python().exists():
        say("making .venv")
        run(system_python(), "-m", "venv", ROOT / ".venv")


def unpack_arrow():
    """Arrow C++ of the pinned wheel: verified by hash, unpacked once per pin."""
    pin = LISTS / "requirements-arrow.txt"
    target = ROOT / ".deps" / "arrow"
    stamp = target / ".pin"
    mark = hashlib.sha256(pin.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == mark:
        return
    make_venv()
    say("fetching Arrow C++ (55 MB)")
    downloads = ROOT / ".deps" / "download"
    shutil.rmtree(downloads, ignore_errors=True)
    run(venv_python(), "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes",
        "--only-binary=:all:", "--python-version", "3.11", "--implementation", "cp",
        "--platform", f"manylinux_2_28_{os.uname().machine}", "-d", downloads, "-r", pin)
    fresh = ROOT / ".deps" / "arrow.new"
    shutil.rmtree(fresh, ignore_errors=True)
    with zipfile.ZipFile(next(downloads.glob("pyarrow-*.whl"))) as wheel:
        wanted = [name for name in wheel.namelist()
                  if "/include/" in name or "/licenses/" in name
                  or pathlib.PurePath(name).name.startswith(("libarrow.so", "libparquet.so",
                                                             "libarrow_compute.so", "libarrow_s3.so"))]
        wheel.extractall(fresh, wanted)
    (fresh / ".pin").write_text(mark)
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    shutil.rmtree(downloads)


def hide_foreign_symbols():
    """Arrow's libraries keep their copies of OpenSSL and others to themselves (tools/dev/elf.py)."""
    stamp = ROOT / ".deps" / "arrow" / ".symbols"
    mark = hashlib.sha256(pathlib.Path(elf.__file__).read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == mark:
        return
    for library in sorted((stamp.parent / "pyarrow").glob("*.so.*")):
        elf.hide_foreign_symbols(library)
    stamp.write_text(mark)


def fill_venv(group):
    wanted = LISTS / f"requirements-{group}.txt"
    if not read_list(wanted):
        return
    make_venv()
    stamp = ROOT / ".venv" / f".{group}"
    mark = hashlib.sha256(wanted.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == mark:
        return
    say(f"filling .venv for {group}")
    run(venv_python(), "-m", "pip", "install", "--quiet", "-r", wanted)
    stamp.write_text(mark)


def fetch_jars():
    """Jars that tests need, by Maven's own client and settings (tools/setup/jars.txt)."""
    from dev import jars
    jars.fetch(ROOT / ".deps" / "jars")
    jars.fetch_servers(ROOT / ".deps" / "servers")


def fetch_node_clients():
    """jsforce and the Pub/Sub client, by npm's own client and settings (tools/setup/npm)."""
    from dev import npm
    npm.fetch(LISTS / "npm", ROOT / ".deps" / "npm", venv_python())


def fetch_sf_cli():
    """Salesforce's own command line: 300 MB, so only the soak has it (tools/setup/npm-sf)."""
    from dev import npm
    npm.fetch(LISTS / "npm-sf", ROOT / ".deps" / "npm-sf", venv_python())


def fill_tap_venv():
    """The Singer tap has a venv of its own: it pins versions that the other peers do not share."""
    wanted = LISTS / "requirements-tap.txt"
    venv = ROOT / ".deps" / "tap-venv"
    stamp = venv / ".pin"
    mark = hashlib.sha256(wanted.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == mark:
        return
    say("filling the Singer tap's venv")
    shutil.rmtree(venv, ignore_errors=True)  # of another interpreter, or half filled
    run(system_python(), "-m", "venv", venv)
    run(venv / "bin" / "python", "-m", "pip", "install", "--quiet", "-r", wanted)
    stamp.write_text(mark)
