"""Running programs, with an error that names the command."""
import os
import shlex
import subprocess
import sys
import time


class Failed(Exception):
    def __init__(self, text, code=1):
        super().__init__(text)
        self.code = code


def say(text):
    print(f"== {text}", file=sys.stderr, flush=True)


def run(*command, env=None, cwd=None, quiet=False):
    """Runs a command to its end; raises Failed when it fails."""
    started = time.monotonic()
    merged = dict(os.environ, **(env or {}))
    out = subprocess.DEVNULL if quiet else None
    try:
        code = subprocess.call([str(part) for part in command], env=merged, cwd=cwd, stdout=out)
    except FileNotFoundError:
        raise Failed(f"`{command[0]}` is not installed: run ./dev setup", 2) from None
    if code != 0:
        words = " ".join(shlex.quote(str(part)) for part in command)
        raise Failed(f"`{words}` ended with {code} after {time.monotonic() - started:.0f} s", 1)


def output(*command):
    """Standard output of a command, stripped; empty when it fails, is missing or may not be run."""
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
