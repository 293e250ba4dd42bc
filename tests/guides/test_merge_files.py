"""docs/guides/merge-files.md: its lines run in a folder with the files they name."""
import json

from guides.blocks import blocks, run_line
from support.lake_desk import DESCRIBE, Desk, expected_row, write_page

GUIDE = "merge-files.md"


def test_the_lines_merge_the_files(tmp_path):
    (tmp_path / "days").mkdir()
    (tmp_path / "Deal.json").write_text(json.dumps(DESCRIBE))
    write_page(tmp_path / "day1.csv", [expected_row(n) for n in range(10)])
    write_page(tmp_path / "days/2.csv", [{**expected_row(n), "Name": "two"} for n in range(5, 15)])
    write_page(tmp_path / "days/3.csv", [{**expected_row(n), "Name": "three"} for n in range(14, 20)])
    for line in blocks(GUIDE, "sh"):
        run_line(line, tmp_path)
    desk = Desk(tmp_path)
    desk.warehouse = tmp_path / "lake"
    rows = desk.catalog().load_table("sales.Deal").scan().to_arrow().to_pylist()
    names = {row["Id"]: row["Name"] for row in rows}
    assert len(rows) == 20
    for n in range(20):
        wanted = expected_row(n)["Name"] if n < 5 else "two" if n < 14 else "three"
        assert names[expected_row(n)["Id"]] == wanted
    assert len(desk.history()) == 3
    split = desk.catalog().load_table("sales.Split")
    assert str(split.spec().fields[0].transform) == "bucket[16]"
    assert len(split.scan().to_arrow()) == 10
