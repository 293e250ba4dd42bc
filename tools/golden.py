#!/usr/bin/env python3
"""Golden files: what firn prints, kept beside the command that prints it.

A file of tests/golden/cli/ is a list of blocks:

    # what is shown here
    $ firn verion
    err| error[CLI-USAGE-001]: `firn` has no command `verion`
    exit 2

`$` runs through sh with pipes for stdout and stderr (`out| `, `err| `); `$60` runs on a terminal of
60 columns, where both are one (`tty| `). Each file runs in a fresh folder; lines before the first
`$` that begin with `file NAME` are followed by its content, indented by four spaces. Times and the
folder's path, sizes of files and the like are replaced, so that they do not matter.

usage: golden.py [--bin build/release/bin/firn] [--write] [NAME..]
"""
import argparse
import difflib
import os
import pathlib
import pty
import re
import select
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CASES = ROOT / "tests" / "golden" / "cli"
SECONDS_MAX = 300


def environment(folder, binary):
    keep = {key: os.environ[key] for key in ("LANG", "LD_LIBRARY_PATH", "TZ") if key in os.environ}
    keep.update(PATH=f"{binary.parent}:/usr/bin:/bin", HOME=str(folder), TMPDIR=str(folder),
                LC_ALL="C.UTF-8", TERM="xterm", FIRN_NO_PROGRESS="1")
    return keep


def run_piped(command, folder, env):
    done = subprocess.run(["sh", "-c", command], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=SECONDS_MAX)
    lines = [("out| " + line).rstrip() for line in done.stdout.decode().splitlines()]
    lines += [("err| " + line).rstrip() for line in done.stderr.decode().splitlines()]
    return lines, done.returncode


def run_on_terminal(command, columns, folder, env):
    main, side = pty.openpty()
    env = dict(env, COLUMNS=str(columns))
    process = subprocess.Popen(["sh", "-c", command], cwd=folder, env=env, stdin=side, stdout=side,
                               stderr=side, start_new_session=True)
    os.close(side)
    data = b""
    while True:
        ready, _, _ = select.select([main], [], [], SECONDS_MAX)
        if not ready:
            process.kill()
            raise TimeoutError(command)
        try:
            piece = os.read(main, 65536)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        data += piece
    os.close(main)
    code = process.wait()
    text = data.decode().replace("\r\n", "\n")
    return [("tty| " + line).rstrip() for line in text.splitlines()], code


def normal(line, folder):
    line = line.replace(str(folder), "DIR").replace("\x1b", "\\e")
    line = re.sub(r"\b\d+(\.\d+)? (ms|s)\b", "N ms", line)
    line = re.sub(r'"millis":\d+', '"millis":N', line)
    line = re.sub(r"\b\d+\.\d [kMGT]B free", "N free", line)
    line = re.sub(r"\b20\d{6}T\d{6}Z-[0-9a-f]{6}\b", "RUN", line)
    line = re.sub(r"\b20\d\d-\d\d-\d\dT[\d:]+(\.\d+)?(Z|[+-]\d{4})", "TIME", line)
    line = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", line)
    line = re.sub(r'("(snapshot_id|csv_bytes|file_bytes|seconds)":"?)[\d.]+', r"\1N", line)
    line = re.sub(r"\b[\d.]+ [kMG]?B of CSV", "N of CSV", line)
    return line


def make_files(lines, folder):
    """Writes the files that a case begins with; returns how many lines they took."""
    at, path = 0, None
    while at < len(lines) and not lines[at].startswith("$"):
        if lines[at].startswith("file "):
            path = folder / lines[at].split()[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")
        elif path is not None and lines[at].startswith("    "):
            with path.open("a") as out:
                out.write(lines[at][4:] + "\n")
        at += 1
    return at


def replay(case, binary):
    """The text the case should have."""
    lines = case.read_text().splitlines()
    with tempfile.TemporaryDirectory(prefix="firn-golden-") as name:
        folder = pathlib.Path(name)
        env = environment(folder, binary)
        at = make_files(lines, folder)
        out = lines[:at]
        for line in lines[at:]:
            if line.startswith(("out|", "err|", "tty|", "exit ")):
                continue
            out.append(line)
            if not line.startswith("$"):
                continue
            mode, command = line.split(" ", 1)
            if mode == "$":
                printed, code = run_piped(command, folder, env)
            else:
                printed, code = run_on_terminal(command, int(mode[1:]), folder, env)
            out += [normal(each, folder) for each in printed] + [f"exit {code}"]
    return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default=str(ROOT / "build" / "release" / "bin" / "firn"))
    parser.add_argument("--write", action="store_true")
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    binary = pathlib.Path(args.bin).resolve()
    cases = [case for case in sorted(CASES.glob("*.txt"))
             if not args.names or case.stem in args.names]
    if not binary.exists() or not cases:
        print(f"golden: no {'cases' if binary.exists() else binary}", file=sys.stderr)
        return 1
    failed = 0
    for case in cases:
        now = replay(case, binary)
        if now == case.read_text():
            continue
        if args.write:
            case.write_text(now)
            print(f"wrote {case.relative_to(ROOT)}")
            continue
        failed += 1
        sys.stdout.writelines(difflib.unified_diff(
            case.read_text().splitlines(True), now.splitlines(True), str(case.relative_to(ROOT)),
            "what firn prints now"))
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
