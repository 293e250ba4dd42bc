"""Rule matching against event-ruler: the same rules and change events, one thread each, turn by turn.

Rules of 1, 100 and 10,000 patterns over change events of several objects: most ask for the source and one or two
fields of the change by exact text, the others by prefix, range, wildcard or anything-but, as integrations do. Both
sides hold all rules at once; both warm up for as long as they are measured, in their own process.

    ./dev bench rules
"""
import glob
import json
import os
import pathlib
import platform
import random
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SECONDS = os.environ.get("FIRN_BENCH_SECONDS", "3")
ROUNDS = int(os.environ.get("FIRN_BENCH_ROUNDS", "3"))
COUNTS = (1, 100, 10_000)
EVENTS = 2000
OBJECTS = ["Account", "Contact", "Case", "Opportunity", "Lead"]
STAGES = ["Prospecting", "Qualification", "Proposal", "Negotiation", "Closed Won", "Closed Lost"]


def event(draw, number):
    name = draw.choice(OBJECTS)
    return {"version": "0", "id": f"{number:08d}-7c1e", "detail-type": f"{name}ChangeEvent",
            "source": f"aws.partner/salesforce.com/00D000000000001EAA/{name}ChangeEvent", "account": "123456789012",
            "time": "2026-11-25T10:00:00Z", "region": "eu-central-1", "resources": [],
            "detail": {"ChangeEventHeader": {"entityName": name, "changeType": draw.choice(["CREATE", "UPDATE", "DELETE"]),
                                             "recordIds": [f"001{draw.randrange(10_000):015d}"],
                                             "changedFields": draw.sample(["StageName", "Amount", "Status", "OwnerId"], 2),
                                             "commitUser": "005000000000001AAA"},
                       "StageName": draw.choice(STAGES), "Amount": draw.randrange(1_000_000), "Status": "Working",
                       "Priority": draw.choice(["Low", "Medium", "High"]), "Region": f"region-{draw.randrange(2000)}",
                       "Name": f"Acme {draw.randrange(5000)} GmbH", "Description": "a longer text " * 8}}


def rule(draw):
    name = draw.choice(OBJECTS)
    detail = draw.choice([
        lambda: {"Region": [f"region-{draw.randrange(2000)}"]},
        lambda: {"Region": [f"region-{draw.randrange(2000)}"], "Priority": ["High"]},
        lambda: {"Name": [{"prefix": f"Acme {draw.randrange(5000)}"}]},
        lambda: {"Amount": [{"numeric": [">", (low := draw.randrange(1_000_000)), "<=", low + 200]}]},
        lambda: {"Name": [{"wildcard": f"*{draw.randrange(5000)}*GmbH"}]},
        lambda: {"ChangeEventHeader": {"recordIds": [f"001{draw.randrange(10_000):015d}"]}},
        lambda: {"StageName": [{"anything-but": ["Closed Won", "Closed Lost"]}], "Region": [f"region-{draw.randrange(2000)}"]},
    ])()
    return {"source": [{"prefix": "aws.partner/salesforce.com"}], "detail-type": [f"{name}ChangeEvent"], "detail": detail}


def measure(command, cwd):
    out = subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout.splitlines()[-1].split()
    return {"rate": int(out[0]) / float(out[2]), "matches": int(out[1])}


def main():
    draw = random.Random(7)
    jars = [found for name in ("event-ruler", "jackson-core", "jackson-databind", "jackson-annotations", "fastdoubleparser")
            for found in glob.glob(str(ROOT / f".deps/jars/{name}-*.jar"))]
    subprocess.run(["cmake", "--build", ROOT / "build/release", "--target", "rules_bench"], check=True, capture_output=True)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        events = pathlib.Path(folder, "events")
        events.write_text("".join(json.dumps(event(draw, i)) + "\n" for i in range(EVENTS)))
        subprocess.run(["javac", "-cp", ":".join(jars), "-d", folder, ROOT / "bench/rules/RulerBench.java"], check=True)
        for count in COUNTS:
            rules = pathlib.Path(folder, f"rules-{count}")
            rules.write_text("".join(json.dumps(rule(draw)) + "\n" for _ in range(count)))
            sides = {"firn": [ROOT / "build/release/bench/rules/rules_bench", rules, events, SECONDS],
                     "event-ruler": ["java", "-cp", ":".join([*jars, folder]), "RulerBench", rules, events, SECONDS]}
            runs = {name: [] for name in sides}
            for _ in range(ROUNDS):
                for name, command in sides.items():
                    runs[name].append(measure(command, folder))
            matches = {run["matches"] for side in runs.values() for run in side}
            assert len(matches) == 1, f"the sides do not match the same rules: {matches}"
            rates = {name: statistics.median(run["rate"] for run in side) for name, side in runs.items()}
            rows.append({"rules": count, "matches_of_2000_events": matches.pop(), "firn_events_per_s": round(rates["firn"]),
                         "event_ruler_events_per_s": round(rates["event-ruler"]),
                         "times": round(rates["firn"] / rates["event-ruler"], 2)})
            print(rows[-1])
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    (ROOT / "bench/results/rules.json").write_text(json.dumps({"machine": machine, "command": "./dev bench rules",
                                                               "peer": "event-ruler 2.1.0, JDK 17", "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
