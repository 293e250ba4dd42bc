"""README.md: the commands for somebody without an org, as they stand there."""
import json

from guides.blocks import blocks, run_line


def test_the_commands_without_an_org_work(tmp_path):
    (first_commands,) = [block for block in blocks("../../README.md", "sh") if "firn sandbox up" in block]
    try:
        shown = run_line("set -e\n" + first_commands, tmp_path).stdout
        assert "unexplained" not in shown, shown
        listed = run_line("firn lake list --json", tmp_path / "try").stdout
        assert {"Account", "Contact", "Opportunity"} <= {row["table"].split(".")[-1] for row in json.loads(listed)["rows"]}
    finally:
        run_line("firn sandbox down", tmp_path, check=False)
