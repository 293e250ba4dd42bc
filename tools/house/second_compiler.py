#!/usr/bin/env python3
"""Has clang read every header and every fuzz target, so that `./dev fuzz` does not rot while only GCC builds.

second_compiler.py [BUILD]: the headers together as one source, each `*_fuzz.cc` by itself, with the flags of the
build's compile_commands.json. Nothing is made of them: half a minute for all, where building them takes an hour.
"""
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPILER = "clang++-19"
# Clang warns of std::stable_sort in libstdc++ 12 (cmake/firn_options.cmake).
COMMON = ["-fsyntax-only", "-Werror", "-Wno-deprecated-declarations"]


def flags_of(command):
    """What says how a source is read: include folders, definitions, the language and the warnings."""
    words, kept = iter(shlex.split(command)), []
    for word in words:
        if word in ("-I", "-isystem"):
            kept.append((word, next(words)))
        elif word.startswith(("-I", "-D", "-std", "-Wall", "-Wextra", "-Wno-missing", "-Wnon", "-Wover")):
            kept.append((word,))
    return kept


def headers(root):
    """All but those that only tests use: they stand in places where tests are allowed to be odd."""
    found = [path.relative_to(root) for top in ("src", "sandbox") for path in sorted((root / top).rglob("*.h"))]
    return [path.as_posix() for path in found if "test" not in path.name and "testing" not in path.parts]


def read(flags, source, text=None):
    """What the compiler has to say; empty when it is content. `text` instead of a file."""
    words = [COMPILER, *(word for flag in flags for word in flag), *COMMON, "-x", "c++", source]
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    return done.stderr if done.returncode != 0 else ""


def main(argv):
    build = pathlib.Path(argv[0]) if argv else ROOT / "build" / "release"
    commands = json.loads((build / "compile_commands.json").read_text())
    everything = {flag: None for entry in commands for flag in flags_of(entry["command"])
                  if not flag[0].startswith("-DFIRN_SOURCE_DIR")}
    text = "".join(f'#include "{name.removeprefix("src/")}"\n' for name in headers(ROOT))
    fuzzers = [entry for entry in commands if entry["file"].endswith("_fuzz.cc")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        asked = [pool.submit(read, list(everything), "-", text)]
        asked += [pool.submit(read, flags_of(entry["command"]), entry["file"]) for entry in fuzzers]
        complaints = [one.result() for one in asked if one.result()]
    print("\n".join(complaints) or f"{COMPILER} reads all headers and {len(fuzzers)} fuzz targets")
    return 1 if complaints or not fuzzers else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
