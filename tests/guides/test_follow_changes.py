"""The commands of docs/guides/follow-changes.md, run as they stand there."""

from guides.blocks import blocks, run_line


def test_every_command_of_the_guide_works(project, sandbox):
    sandbox.seed("Contact", 20)
    sandbox.ask("POST", "events", {"keepalive_ms": 100})
    for block in blocks("follow-changes.md", "sh"):
        for line in block.strip().splitlines():
            run_line(line, project.folder)
            sandbox.create("Account", Name=line)
    assert project.rows("salesforce.Account")
