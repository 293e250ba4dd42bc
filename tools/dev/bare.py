"""./dev bare: both README commands in a fresh minimal Debian 12, to show that they are true.

mmdebstrap makes a bookworm root with git, python3 and ca-certificates. The committed HEAD is cloned
into it. What a machine needs to reach its package sources (apt's configuration, CA certificates,
the package clients' environment and settings) is carried in at run time and never committed.
"""
import glob
import os
import pathlib
import shlex
import shutil
import tempfile
import time

from dev.setup import is_installed
from dev.shell import Failed, output, run, say

ROOT = pathlib.Path(__file__).resolve().parents[2]
CARRIED = ("/etc/apt/sources.list", "/etc/apt/sources.list.d", "/etc/apt/apt.conf.d", "/etc/pip.conf",
           "/etc/ssl/certs", "/usr/local/share/ca-certificates", "/usr/share/ca-certificates",
           "/etc/resolv.conf", "/etc/hosts", "/root/.config/pip", "/root/.pip", "/root/.npmrc",
           "/root/.m2/settings.xml")
ENVIRONMENT = ("PIP_", "NPM_", "npm_", "GOPROXY", "MAVEN_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
               "http_proxy", "https_proxy", "no_proxy", "SSL_", "REQUESTS_CA", "CURL_CA", "NODE_EXTRA")


def bare(args):
    if os.geteuid() != 0:
        raise Failed("./dev bare needs root: it makes a root file system and enters it", 2)
    if not is_installed("mmdebstrap"):
        run("apt-get", "-qq", "install", "-y", "--no-install-recommends", "mmdebstrap", quiet=True)
    commands = args or ["demo", "test"]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="firn-bare-"))
    root = folder / "root"
    try:
        make_root(root)
        clone(root)
        for command in commands:
            started = time.monotonic()
            enter(root, f"cd /home/firn && ./dev {command}")
            minutes = (time.monotonic() - started) / 60
            say(f"bare: ./dev {command} passed in {minutes:.1f} minutes")
        gigabytes = int(output("du", "-sk", "--one-file-system", root).split()[0]) / 1e6
        say(f"bare: the whole root file system takes {gigabytes:.1f} GB")
    finally:
        if "FIRN_KEEP_BARE" not in os.environ:
            shutil.rmtree(folder, ignore_errors=True)


def make_root(root):
    say("making a minimal Debian 12")
    sources = glob.glob("/etc/apt/sources.list.d/debian.sources") or glob.glob("/etc/apt/sources.list")
    run("mmdebstrap", "--quiet", "--variant=minbase", "--include=git,python3,ca-certificates",
        "bookworm", root, *sources)
    for name in CARRIED:
        source, target = pathlib.Path(name), root / name.lstrip("/")
        if source.is_dir():
            target.mkdir(parents=True, exist_ok=True)
            run("cp", "-a", "--remove-destination", f"{source}/.", target)
        elif source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    # mmdebstrap's copy of the sources that were just carried in: apt warns of each line named twice.
    for copy in (root / "etc/apt/sources.list.d").glob("0000*"):
        copy.unlink()


def clone(root):
    run("git", "clone", "-q", "--no-hardlinks", ROOT, root / "home" / "firn")


def share_ccache(root):
    """The mount of the compiler cache named by FIRN_BARE_CCACHE: what set-up installs is checked as
    ever, but the minutes are then not those of a newcomer."""
    cache = os.environ.get("FIRN_BARE_CCACHE")
    if not cache:
        return ""
    (root / "root/.cache/ccache").mkdir(parents=True, exist_ok=True)
    return f'mount --bind {shlex.quote(cache)} "$0/root/.cache/ccache" && '


def enter(root, command):
    """Runs a shell command in the root, in mount and pid spaces of its own."""
    env = {name: value for name, value in os.environ.items() if name.startswith(ENVIRONMENT)}
    env |= {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
            "LANG": "C.UTF-8"}
    words = [f"{name}={value}" for name, value in env.items()]
    script = ('mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && ' + share_ccache(root) +
              'exec chroot "$0" /usr/bin/env -i "$@"')
    run("unshare", "--mount", "--pid", "--fork", "sh", "-c", script, root, *words, "sh", "-c", command)
