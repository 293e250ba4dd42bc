#!/usr/bin/env python3
"""Writes the reference pages that the program itself makes (docs/reference/), or checks them.

usage: docs.py [--bin build/release/bin/firn] [--check]
"""
import argparse
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"


def firn(binary, *words):
    return subprocess.run([binary, *words], check=True, capture_output=True, text=True).stdout


def rows(binary, *words):
    return json.loads(firn(binary, *words, "--json"))["rows"]


def error_page(binary):
    out = "# Error codes\n\nMade by `./dev docs`; `firn explain CODE` prints one of them.\n"
    for row in rows(binary, "explain"):
        page = json.loads(firn(binary, "explain", row["code"], "--json"))
        out += f"\n## {page['code']}: {page['summary']}\n\n{page['cause']}\n\nRemedy: {page['remedy']}\n"
    return out


def fault_page(binary):
    out = ("# Fault points\n\nMade by `./dev docs`. `FIRN_FAULT_POINT=NAME[:N]` kills the process at the N-th "
           "passage.\n\n| name | what has just happened |\n|---|---|\n")
    return out + "".join(f"| `{row['name']}` | {row['where']} |\n" for row in rows(binary, "debug", "faultpoints"))


def exit_page(binary):
    lines = firn(binary, "help", "exit-codes").splitlines()
    out = "# Exit codes\n\nMade by `./dev docs`: they say who must act.\n\n| code | meaning |\n|---:|---|\n"
    return out + "".join("| {} | {} |\n".format(*line.split(None, 1)) for line in lines[2:])


def environment_page(binary):
    out = ("# Environment variables\n\nMade by `./dev docs` from `firn help environment`. Those that `${env:NAME}` names in a "
           "project's files are the project's own.\n\n| variable | meaning |\n|---|---|\n")
    return out + "".join(f"| `{row['name']}` | {row['meaning']} |\n" for row in rows(binary, "help", "environment"))


def pages(binary):
    return {"commands.md": firn(binary, "help", "--all"), "config.md": firn(binary, "help", "config"),
            "errors.md": error_page(binary), "exit-codes.md": exit_page(binary),
            "environment.md": environment_page(binary), "fault-points.md": fault_page(binary)}


def write_manual(binary):
    """Manual pages go with the program and are not kept beside it: build/man."""
    folder = ROOT / "build" / "man" / "man1"
    firn(binary, "help", "--man", folder)
    print(f"wrote {folder.relative_to(ROOT)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default=str(ROOT / "build" / "release" / "bin" / "firn"))
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    stale = []
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for name, text in pages(args.bin).items():
        path = REFERENCE / name
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if not args.check:
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT)}")
    if not args.check:
        write_manual(args.bin)
    if args.check:
        for name in stale:
            print(f"docs/reference/{name} is not what firn says now: run `./dev docs`")
        print(f"{len(pages(args.bin)) - len(stale)} passed, {len(stale)} failed")
    return 1 if args.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
