"""Event patterns mean here what they mean to event-ruler, the reference implementation: the same answer for each of
many random pairs, and refusals for the same patterns."""
import json
import os
import subprocess

from support.engines import jar
from support.event_cases import Cases
from support.lake_desk import SOURCE

SEED = 20261125
PAIRS = 20_000
JARS = ["event-ruler", "jackson-core", "jackson-databind", "jackson-annotations", "fastdoubleparser"]


def answers(command, lines):
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    return [line if line in ("true", "false") else line.split(":")[0] for line in done.stdout.splitlines()]


def test_patterns_mean_what_they_mean_to_event_ruler():
    cases = Cases(SEED)
    lines = [json.dumps(cases.pair()) for _ in range(PAIRS)]
    ruler = answers(["java", "-cp", ":".join(map(jar, JARS)), str(SOURCE / "tests/support/ruler/RulerOracle.java")], lines)
    firn = answers([os.environ["FIRN_BIN"], "events", "match"], lines)
    assert len(ruler) == len(firn) == PAIRS
    differ = [(case, reference, ours) for case, reference, ours in zip(lines, ruler, firn) if reference != ours]
    assert differ == [], f"seed {SEED}: {len(differ)} differ, the first: {differ[0]}"
    assert ruler.count("true") > 200 and ruler.count("false") > 5000 and ruler.count("error") > 1000
