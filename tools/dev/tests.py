"""Runs a preset's tests, names those that failed in one block at the end, and tries each once more, alone.

A test that passes only the second time counts as passed but is named as unstable, there and in
build/unstable.txt: it is a bug, to be mended before the next change in its room
(docs/decisions/0132-failed-tests-run-once-more.md).
"""
import pathlib
import re
import subprocess
import time
import xml.etree.ElementTree as xml

from dev.shell import Failed, run, say

# Where more fail than this it is not chance.
TRIED_AGAIN_MOST = 8


def run_tests(build, words, jobs, env=None):
    """`build`: the preset's build folder; `words`: what makes ctest choose its tests. Raises Failed with
    the names of the tests that failed twice, or of all that failed if they are many."""
    folder = build / "failed"
    report = build / "tests.xml"
    started = time.time()
    try:
        run("ctest", *words, "-j", jobs, "--output-junit", report, env=env)
        return
    except Failed as failure:
        failed = failures(report, started)
        if not failed:
            raise failure from None
    folder.mkdir(exist_ok=True)
    logs = {name: keep(folder / f"{name}.log", text) for name, text in failed.items()}
    unstable = try_again(list(failed), words, folder, env) if len(failed) <= TRIED_AGAIN_MOST else set()
    print(summary(build, logs, unstable), flush=True)
    note_unstable(build, unstable)
    lasting = [name for name in failed if name not in unstable]
    if lasting:
        raise Failed(f"{len(lasting)} tests failed: {', '.join(lasting)}")


def failures(report, started):
    """Output of each test that failed or could not run, by its name; empty if ctest wrote no report."""
    if not report.exists() or report.stat().st_mtime < started:
        return {}
    cases = xml.parse(report).getroot().iter("testcase")
    return {case.get("name"): case.findtext("system-out") or "" for case in cases
            if case.get("status") not in ("run", "disabled")}


def keep(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def try_again(names, words, folder, env):
    """Those that pass when nothing else runs beside them."""
    passed = set()
    for name in names:
        say(f"tests: once more, alone: {name}")
        try:
            run("ctest", *words, "-R", f"^{re.escape(name)}$", "--output-log", folder / f"{name}.second.log",
                env=env, quiet=True)
            passed.add(name)
        except Failed:
            pass
    return passed


def summary(build, logs, unstable):
    lines = [f"tests of {build.name} that failed:"]
    for name, log in logs.items():
        said = "passed only the second time" if name in unstable else "failed"
        lines.append(f"  {said}: {name}  ({log})")
    return "\n".join(lines)


def note_unstable(build, names):
    if not names:
        return
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    with open(pathlib.Path(build).parent / "unstable.txt", "a", encoding="utf-8") as notes:
        for name in sorted(names):
            notes.write(f"{time.strftime('%Y-%m-%d %H:%M')} {head.stdout.strip()} {build.name} {name}\n")
