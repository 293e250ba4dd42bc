"""Event patterns mean here what they mean to event-ruler, the reference implementation: the same answer for each of
many random pairs, and refusals for the same patterns."""
import json
import os
import pathlib
import select
import subprocess

from support.engines import jar
from support.event_cases import Cases
from support.lake_desk import SOURCE

CASES = pathlib.Path(__file__).with_name("pattern_cases.json")
SEED = 20261125
PAIRS = 20_000
JARS = ["event-ruler", "jackson-core", "jackson-databind", "jackson-annotations", "fastdoubleparser"]


def told(command, lines):
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def ruler_tells(lines):
    return told(["java", "-cp", ":".join(map(jar, JARS)), str(SOURCE / "tests/support/ruler/RulerOracle.java")], lines)


def firn_tells(lines):
    return told([os.environ["FIRN_BIN"], "events", "match"], lines)


def kinds(answers):
    return [line if line in ("true", "false") else line.split(":")[0] for line in answers]


def test_each_part_of_the_language_means_what_the_vendor_says_it_means():
    """The user guide's operators one by one, with answers that were written down beforehand; what is wrong with a pattern
    is told in the vendor's words. event-ruler agrees with all of them."""
    data = json.loads(CASES.read_text())
    cases = [(why, pattern if isinstance(pattern, str) else json.dumps(pattern),
              json.dumps(data["events"][event] if isinstance(event, str) else event), want)
             for why, pattern, event, want in data["cases"]]
    lines = [json.dumps({"pattern_text": pattern, "event_text": event}) for _, pattern, event, _ in cases]
    expected = ["error" if isinstance(want, str) else json.dumps(want) for *_, want in cases]
    ours, reference = firn_tells(lines), ruler_tells(lines)
    names = [case[:2] for case in cases]
    assert list(zip(names, kinds(ours))) == list(zip(names, expected))
    assert list(zip(names, kinds(reference))) == list(zip(names, expected))
    refused = [(why, want, line) for (why, _, _, want), line in zip(cases, ours) if isinstance(want, str)]
    assert [one for one in refused if one[1] not in one[2]] == []


def test_patterns_mean_what_they_mean_to_event_ruler():
    cases = Cases(SEED)
    lines = [json.dumps(cases.pair()) for _ in range(PAIRS)]
    ruler, firn = kinds(ruler_tells(lines)), kinds(firn_tells(lines))
    assert len(ruler) == len(firn) == PAIRS
    differ = [(case, reference, ours) for case, reference, ours in zip(lines, ruler, firn) if reference != ours]
    assert differ == [], f"seed {SEED}: {len(differ)} differ, the first: {differ[0]}"
    assert ruler.count("true") > 200 and ruler.count("false") > 5000 and ruler.count("error") > 1000


def test_an_answer_is_one_line_whatever_the_pattern_quotes():
    broken = json.dumps({"event": {"a": 1}, "pattern": {"a": [{"x\ny": 1}]}})
    fits = json.dumps({"event": {"a": 1}, "pattern": {"a": [1]}})
    first, second = firn_tells([broken, fits])
    assert first.startswith("error: ") and "Unrecognized match type x y" in first
    assert second == "true"


def test_who_asks_line_by_line_is_answered_line_by_line():
    with subprocess.Popen([os.environ["FIRN_BIN"], "events", "match"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as asked:
        for value, answer in ((1, "true\n"), (2, "false\n")):
            asked.stdin.write(json.dumps({"event": {"a": value}, "pattern": {"a": [1]}}) + "\n")
            asked.stdin.flush()
            assert select.select([asked.stdout], [], [], 120)[0], "no answer"
            assert asked.stdout.readline() == answer
        asked.stdin.close()
        assert asked.wait(120) == 0
