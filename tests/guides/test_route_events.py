"""The commands of docs/guides/route-events.md, run as they stand there."""
import json

from guides.blocks import blocks, run_line
from support.rules import RuleProject

GUIDE = "route-events.md"


def test_every_command_of_the_guide_works(tmp_path):
    project = RuleProject(tmp_path / "project")
    rule, destination, target, cluster, stream = blocks(GUIDE, "json")
    # A rule for events that do not come: what it says is checked.
    published = json.dumps({"EventPattern": {"detail-type": ["Never"]}, "Targets": [json.loads(target), json.loads(stream)]})
    for folder, name, text in (("rules", "closed", rule), ("rules", "published", published),
                               ("destinations", "pager", destination), ("kafka", "shop", cluster)):
        (project.folder / folder).mkdir(exist_ok=True)
        (project.folder / folder / f"{name}.json").write_text(text)
    (project.folder / "events.jsonl").write_text(blocks(GUIDE, "jsonl")[0])
    for block in blocks(GUIDE, "sh"):
        for line in block.strip().splitlines():
            run_line(line, project.folder)
    assert (project.folder / "shop.log").read_text() == '{"order":"006000000000001AAA","amount":1250.50}\n'
    again = project.firn("events", "put", "events.jsonl", "--json")
    assert again.json()["duplicates"] == 2, again
