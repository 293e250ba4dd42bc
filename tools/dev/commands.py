"""What each ./dev command does."""
import os
import pathlib
import shutil
import sys
import time

from dev.bare import bare
from dev.setup import fetch_sf_cli, setup, venv_python
from dev.shell import Failed, output, run, say
from dev.tests import run_tests
from house.subjects import wrong_subjects

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIRN = ROOT / "build" / "release" / "bin" / "firn"
JOBS = str(os.cpu_count() or 2)


def build_preset(preset, targets=()):
    run("cmake", "--preset", preset, quiet=True)
    command = ["cmake", "--build", ROOT / "build" / preset, "-j", JOBS]
    run(*command, *(["--target", *targets] if targets else []))


def do_setup(args):
    setup(args)


def do_build(args):
    setup(["build"])
    build_preset("release", ["firn"])
    if "--times" in args:
        print_build_times()
    print(FIRN.relative_to(ROOT))


def print_build_times():
    """Sources that took over 15 s in the last build, from ninja's own log."""
    rows = []
    for line in (ROOT / "build" / "release" / ".ninja_log").read_text().splitlines()[1:]:
        start, end, _, target, _ = line.split("\t")
        rows.append(((int(end) - int(start)) / 1000, target))
    for seconds, target in sorted(set(rows), reverse=True)[:15]:
        print(f"{seconds:7.1f} s  {target}" + ("   split it" if seconds > 15 and target.endswith(".o") else ""))


def do_demo(args):
    setup(["demo"])
    build_preset("release", ["firn"])
    folder = ROOT / "build" / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    started = time.monotonic()
    run(FIRN, "demo", "--dir", folder, *args)
    run(venv_python(), ROOT / "tools" / "demo" / "duckdb_read.py", folder)
    say(f"the demo took {time.monotonic() - started:.0f} s; its project folder is build/demo")


def do_test(args):
    """What CI runs. Each part says how long it took; tests that were unstable are named at the end."""
    setup(["test"])
    unstable = ROOT / "build" / "unstable.txt"
    noted = unstable.read_text() if unstable.exists() else ""
    parts = [("release", test_release), ("address and undefined sanitizers", lambda: test_sanitized("asan")),
             ("thread sanitizer", lambda: test_sanitized("tsan"))]
    for name, part in parts:
        if args and not any(arg in name for arg in args):
            continue
        started = time.monotonic()
        say(f"tests: {name}")
        part()
        say(f"tests: {name}: {time.monotonic() - started:.0f} s")
    if unstable.exists() and (new := unstable.read_text()[len(noted):]):
        say("passed only the second time, to be mended (build/unstable.txt):\n" + new.rstrip())


def test_release():
    build_preset("release")
    run_tests(ROOT / "build" / "release", ["--preset", "release"], JOBS)


def test_sanitized(preset):
    build_preset(preset, ["address_tests" if preset == "asan" else "thread_tests"])
    env = {"ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1", "UBSAN_OPTIONS": "print_stacktrace=1",
           "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1"}
    run_tests(ROOT / "build" / preset, ["--preset", preset], JOBS, env=env)


def changed_sources(everything):
    if everything:
        names = output("git", "ls-files", "*.cc", "*.h").splitlines()
    else:
        names = (output("git", "diff", "--name-only", "HEAD", "--", "*.cc", "*.h").splitlines()
                 + output("git", "diff", "--name-only", "main...HEAD", "--", "*.cc", "*.h").splitlines()
                 + output("git", "ls-files", "-o", "--exclude-standard", "*.cc", "*.h").splitlines())
    return sorted({name for name in names if (ROOT / name).exists()})


def do_fmt(args):
    names = changed_sources("--all" in args)
    if names:
        run("clang-format-19", *(["--dry-run", "-Werror"] if "--check" in args else ["-i"]), *names)


def do_check(args):
    check_subjects()
    build_preset("release")
    run(sys.executable, ROOT / "tools" / "house" / "tidy.py")
    do_fmt(["--check"])
    tidy = [name for name in changed_sources(False) if name.endswith(".cc")]
    if tidy:
        run("clang-tidy-19", "-p", ROOT / "build" / "release", "--quiet", *tidy)
    run("ctest", "--preset", "release", "-j", JOBS, "-LE", "faults|guides|interop|soak")


def check_subjects():
    """Those of the commits that main does not have yet."""
    wrong = wrong_subjects(output("git", "log", "--no-merges", "--format=%s", "main..HEAD").splitlines())
    if wrong:
        raise Failed("\n".join(wrong))


def do_golden(args):
    setup(["test"])
    build_preset("release", ["firn"])
    run(venv_python(), ROOT / "tools" / "golden.py", "--write", *args)


def do_bench(args):
    setup(["bench"])
    build_preset("release")
    known = sorted(path.parent.name for path in (ROOT / "bench").glob("*/run.py"))
    for name in args or known:
        if name not in known:
            raise Failed(f"no benchmark `{name}`: choose from {', '.join(known)}", 2)
        run(venv_python(), ROOT / "bench" / name / "run.py")


def do_soak(args):
    setup(["test"])
    fetch_sf_cli()
    build_preset("release")
    run("ctest", "--test-dir", ROOT / "build" / "release", "-L", "soak", "--output-on-failure")


def do_fuzz(args):
    setup(["test"])
    build_preset("fuzz", ["fuzzers"])
    seconds = args[0] if args else "30"
    for program in sorted((ROOT / "build" / "fuzz").rglob("fuzz_*")):
        if program.is_file() and os.access(program, os.X_OK) and program.suffix == "":
            name = program.name.removeprefix("fuzz_")
            corpus = next(ROOT.glob(f"**/fuzz/corpus/{name}"), None)
            say(f"fuzzing {name} for {seconds} s")
            grown = ROOT / "build" / "fuzz" / "corpus" / name
            grown.mkdir(parents=True, exist_ok=True)
            run(program, f"-max_total_time={seconds}", "-rss_limit_mb=2048", "-print_final_stats=0",
                f"-artifact_prefix={grown.parent}/", grown, *([corpus] if corpus else []))


def do_docs(args):
    setup(["build"])
    build_preset("release", ["firn"])
    run(sys.executable, ROOT / "tools" / "docs.py", *args)


COMMANDS = {"setup": do_setup, "build": do_build, "demo": do_demo, "test": do_test, "check": do_check,
            "fmt": do_fmt, "golden": do_golden, "bench": do_bench, "soak": do_soak, "fuzz": do_fuzz,
            "bare": bare, "docs": do_docs}
