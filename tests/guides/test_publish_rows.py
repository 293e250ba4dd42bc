"""docs/guides/publish.md: its lines publish the deals of a warehouse under the contract of the page."""

from guides.blocks import blocks, run_line
from support.lake_desk import Desk

GUIDE = "publish.md"
PROJECT = """\
name: publishing
orgs:
  - id: prod
    login_url: https://login.salesforce.com
    auth: {flow: client_credentials, client_id: key, client_secret: "${env:APP_SECRET}"}
    api_version: "66.0"
lake:
  warehouse: warehouse
"""


def test_the_lines_publish_and_verify_the_table(tmp_path):
    Desk(tmp_path).load(range(100))
    (tmp_path / "firn.yaml").write_text(PROJECT)
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts/deal_summary.yaml").write_text(blocks(GUIDE, "yaml")[0])
    told = [run_line(line, tmp_path).stdout for line in blocks(GUIDE, "sh")[0].splitlines()]
    assert [text.splitlines()[0].split("\t")[1] for text in told] == [
        "would publish", "published", "as published"]
