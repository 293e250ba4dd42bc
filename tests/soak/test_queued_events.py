"""Millions of events queued behind a target that is down; then a restart with the target up, in bounded memory."""
import json
import os
import resource
import subprocess
import time

from support.firn import firn_environment, firn_path
from support.rules import RuleProject

EVENTS = int(os.environ.get("FIRN_SOAK_EVENTS", "5000000"))
BEGAN_MS = int(time.time() * 1000)
MEMORY_MIB_MAX = 300  # whatever waits, and whatever the table holds


def event(number):
    return (f'{{"id":"e-{number}","source":"s","detail-type":"d","account":"1","region":"r","resources":[],"detail":{{"payload":'
            f'{{"ChangeEventHeader":{{"changeType":"UPDATE","recordIds":["0060{number % 100003:011d}AAA"],'
            f'"commitTimestamp":{BEGAN_MS + number // 10}}},"n":{number}}}}}}}\n')


def timed(project, *words):
    """Seconds, memory in MiB and the answer of a command that may run for long."""
    begin = time.monotonic()
    done = subprocess.run([firn_path(), *words, "--json"], cwd=project.folder, env=firn_environment(), capture_output=True,
                          text=True, check=False)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    return round(time.monotonic() - begin, 1), peak, json.loads(done.stdout.splitlines()[-1])


def test_queued_events_wait_and_go_on_in_bounded_memory(tmp_path):
    project = RuleProject(tmp_path / "project")
    table = {"Id": "t", "Arn": "firn:lake/queued", "InputPath": "$.detail.payload.n", "DeliveryParameters": {"Ordered": False}}
    down = {"Id": "t", "Arn": "firn:command/down", "InputPath": "$.detail.payload.n",
            "CommandParameters": {"Command": ["/bin/sh", "-c", "exit 75"]}, "DeliveryParameters": {"Ordered": False}}
    with (project.folder / "events.jsonl").open("w") as file:
        file.writelines(event(number) for number in range(EVENTS))
    project.rule("queued", [down], {"source": ["s"]})
    put_seconds, put_memory, taken = timed(project, "events", "put", "events.jsonl")
    assert taken["events"] == EVENTS and taken["waiting"] == EVENTS, taken
    (project.folder / "events.jsonl").unlink()
    project.rule("queued", [table], {"source": ["s"]})
    (project.folder / "none.jsonl").touch()
    drain_seconds, drain_memory, drained = timed(project, "events", "put", "none.jsonl", "--wait", "30m")
    assert drained["delivered"] == EVENTS and drained["waiting"] == 0, drained
    print(json.dumps({"events": EVENTS, "put_events_per_s": round(EVENTS / put_seconds),
                      "drain_events_per_s": round(EVENTS / drain_seconds), "put_mib": put_memory, "drain_mib": drain_memory}))
    assert max(put_memory, drain_memory) <= MEMORY_MIB_MAX
