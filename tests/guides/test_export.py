"""The commands of docs/guides/export.md, run as they stand there."""

from guides.blocks import blocks, run_line


def test_every_command_of_the_export_guide_works(project):
    for block in blocks("export.md", "sh"):
        for line in block.strip().splitlines():
            run_line(line, project.folder)
    assert "# Export" in (project.folder / "report.md").read_text()
