"""A project folder with event rules, and events to put through them."""
import json
import pathlib

from support.firn import firn

PROJECT = """\
name: rules
orgs:
  - id: prod
    login_url: https://example.my.salesforce.com
    auth: {flow: jwt, client_id: abc, username: firn@example.com, key: "${file:key.pem}"}
lake: {warehouse: lake, namespace: salesforce}
state: {folder: .firn}
"""

# A command target that adds its input to `seen` as a line: in one write, since several run at once.
APPEND_LINE = ["/bin/sh", "-c", "line=$(cat) && printf '%s\\n' \"$line\" >> seen"]


def change(number, record="006000000000001AAA", entity="Opportunity", change_type="UPDATE", **fields):
    """A change event as EventBridge shows those of Salesforce."""
    header = {"entityName": entity, "recordIds": [record], "changeType": change_type,
              "transactionKey": f"t-{number}", "sequenceNumber": 1, "commitTimestamp": 1795658400000 + number,
              "commitUser": "005000000000001AAA", "changedFields": sorted(fields)}
    return {"version": "0", "id": f"00000000-0000-4000-8000-{number:012d}", "detail-type": f"{entity}ChangeEvent",
            "source": f"aws.partner/salesforce.com/00D000000000001EAA/{entity}ChangeEvent", "account": "123456789012",
            "time": "2026-11-26T02:00:00Z", "region": "eu-central-1", "resources": [],
            "detail": {"payload": {"ChangeEventHeader": header, **fields}, "schemaId": "s", "id": "x"}}


class RuleProject:
    def __init__(self, folder, environment=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "firn.yaml").write_text(PROJECT)
        self.environment = environment or {}

    def rule(self, name, targets, pattern=None, **more):
        (self.folder / "rules").mkdir(exist_ok=True)
        pattern = pattern or {"detail-type": ["OpportunityChangeEvent"]}
        (self.folder / "rules" / f"{name}.json").write_text(
            json.dumps({"EventPattern": pattern, "Targets": targets, **more}, indent=1))

    def firn(self, *words, **more):
        return firn(*words, cwd=self.folder, **{**self.environment, **more})

    def put(self, events, *words, **more):
        path = self.folder / "events.jsonl"
        path.write_text("".join(json.dumps(event) + "\n" for event in events))
        return self.firn("events", "put", path, *words, "--json", **more)

    def letters(self):
        listed = self.firn("events", "dlq", "list", "--json")
        assert listed.code == 0, listed
        return listed.json()["rows"]

    def waiting(self):
        listed = self.firn("events", "rules", "list", "--json")
        assert listed.code == 0, listed
        return sum(row["waiting"] or 0 for row in listed.json()["rows"])
