"""docs/guides/maintain-the-tables.md: its lines run one after the other on a warehouse of an export."""

import json
import re

from guides.blocks import blocks, run_line

GUIDE = "maintain-the-tables.md"


def test_the_lines_work_in_their_order_and_no_row_is_lost(exported):
    before = exported.rows("salesforce.Account")
    lines = [line for block in blocks(GUIDE, "sh") for line in block.strip().splitlines()]
    assert len(lines) >= 6
    for line in lines:
        run_line(line, exported.folder)
    assert exported.rows("salesforce.Account") == before


def test_each_key_of_a_table_is_told_once(exported):
    keys = json.loads(run_line("firn lake show salesforce.Account --json", exported.folder).stdout,
                      object_pairs_hook=lambda pairs: [key for key, _ in pairs])
    assert len(keys) == len(set(keys)), keys
    assert "firn.org" in keys


def test_an_older_state_is_found_and_compared(exported):
    history = exported.firn("lake", "history", "salesforce.Account", "--json").json()["rows"]
    first = history[0]
    at = exported.firn("lake", "at", "salesforce.Account", first["committed_at"], "--json").json()
    assert at["snapshot"] == first["snapshot"]
    differ = exported.firn("lake", "diff", "salesforce.Account", "--from", first["snapshot"],
                           "--json").json()
    assert differ["rows"] == []


def test_version_three_keeps_the_rows(exported):
    line = blocks(GUIDE, "text")[-1].strip()
    assert re.fullmatch(r"firn lake set salesforce\.Account format-version=3", line)
    before = exported.rows("salesforce.Account")
    run_line(line, exported.folder)
    run_line("firn lake maintain", exported.folder)
    assert exported.rows("salesforce.Account") == before
