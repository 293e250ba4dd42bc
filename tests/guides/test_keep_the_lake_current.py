"""The commands of docs/guides/keep-the-lake-current.md, run as they stand there."""

from guides.blocks import blocks, run_line


def test_every_command_of_the_guide_works(project, sandbox):
    sandbox.seed("Opportunity", 20)
    for block in blocks("keep-the-lake-current.md", "sh"):
        for line in block.strip().splitlines():
            run_line(line, project.folder)
    assert project.rows("salesforce.Account")


def test_the_rules_of_the_guide_are_a_valid_project(project):
    rules = blocks("keep-the-lake-current.md", "yaml")[0]
    path = project.folder / "firn.yaml"
    path.write_text(path.read_text() + rules)
    checked = project.firn("config", "check")
    assert checked.code == 0, checked
