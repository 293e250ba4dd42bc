"""A rule that cannot fail is no rule: each one is shown a tree that breaks it, and one that does not."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "house"))
import tidy  # noqa: E402

ROOMS = [
    {"name": "base", "path": "src/core/base", "may_use": [], "headers": ["error.h"]},
    {"name": "salesforce", "path": "src/ends/salesforce", "may_use": ["base"], "headers": ["bulk.h"]},
    {"name": "lake", "path": "src/ends/lake", "may_use": ["base"], "headers": ["table.h"]},
]
GOOD = {
    "src/core/base/error.h": "// Error.\n#pragma once\n",
    "src/core/base/README.md": "base\n",
    "src/ends/salesforce/bulk.h": '// Bulk.\n#include "core/base/error.h"\n',
    "src/ends/salesforce/README.md": "salesforce\n",
    "src/ends/lake/table.h": '// Table.\n#include "core/base/error.h"\n',
    "src/ends/lake/table.cc": '#include "ends/lake/internal.h"\nvoid F() {\n}\n',
    "src/ends/lake/internal.h": "#pragma once\n",
    "src/ends/lake/README.md": "lake\n",
}


def broken_rules(extra, rooms=None):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in {**GOOD, **extra}.items():
            if text is None:
                continue
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return {line.split(": ")[1] for line in tidy.check(root, rooms or ROOMS)}


class Tidy(unittest.TestCase):
    def test_a_tidy_tree_breaks_no_rule(self):
        self.assertEqual(broken_rules({}), set())

    def test_a_room_that_uses_one_it_may_not_is_found(self):
        planted = {"src/ends/lake/table.cc": '#include "ends/salesforce/bulk.h"\n'}
        self.assertEqual(broken_rules(planted), {"rooms_use_only_what_they_may"})

    def test_a_private_header_of_another_room_is_found(self):
        planted = {"src/core/base/secret_plan.h": "#pragma once\n",
                   "src/ends/lake/table.cc": '#include "core/base/secret_plan.h"\n'}
        self.assertEqual(broken_rules(planted), {"rooms_use_only_what_they_may"})

    def test_a_circle_of_rooms_is_found(self):
        rooms = [dict(room) for room in ROOMS]
        rooms[0]["may_use"] = ["lake"]
        self.assertEqual(broken_rules({}, rooms), {"the_room_graph_has_no_cycle"})

    def test_a_vendor_in_a_public_header_is_found(self):
        planted = {"src/ends/lake/table.h": "// Table.\n#include <arrow/api.h>\n"}
        self.assertEqual(broken_rules(planted), {"public_headers_name_no_vendor"})

    def test_a_long_file_is_found(self):
        self.assertEqual(broken_rules({"src/ends/lake/table.cc": "//\n" * 1001}), {"files_stay_short"})

    def test_a_long_function_is_found(self):
        body = "void F(int x) {\n" + "  x++;\n" * 70 + "}\n"
        self.assertEqual(broken_rules({"src/ends/lake/table.cc": body}), {"functions_fit_a_screen"})

    def test_a_plain_member_that_is_only_set_is_found_and_a_lock_that_is_only_held_is_not(self):
        planted = {"src/ends/lake/internal.h": "class Reader {\n  Reader(int64_t now) : now_(now) {}\n"
                                               "  std::unique_lock<std::mutex> lock_;\n  int64_t now_ = 0;\n};\n"}
        self.assertEqual(broken_rules(planted), {"members_that_are_set_are_read"})
        planted["src/ends/lake/table.cc"] = "void F() {\n  return now_;\n}\n"
        self.assertEqual(broken_rules(planted), set())

    def test_a_room_without_readme_is_found(self):
        self.assertEqual(broken_rules({"src/ends/lake/README.md": None}), {"rooms_have_a_readme"})

    def test_a_room_that_the_architecture_does_not_name_is_found(self):
        rows = "\n| base | errors |\n| salesforce | the org |\n| lake | tables |\n"
        self.assertEqual(broken_rules({"ARCHITECTURE.md": rows}), set())
        self.assertEqual(broken_rules({"ARCHITECTURE.md": rows.replace("| lake", "| pond")}),
                         {"rooms_stand_in_the_architecture"})

    def test_a_public_header_without_comment_is_found(self):
        planted = {"src/ends/lake/table.h": "#pragma once\n"}
        self.assertEqual(broken_rules(planted), {"public_headers_say_what_they_are_for"})

    def test_a_todo_without_owner_is_found(self):
        planted = {"src/ends/lake/table.cc": "// TODO later\n"}
        self.assertEqual(broken_rules(planted), {"nothing_is_left_unfinished"})

    def test_a_path_of_one_machine_is_found(self):
        planted = {"src/ends/lake/table.cc": "// see /work/main/x\n"}
        self.assertEqual(broken_rules(planted), {"no_machine_and_no_registry_is_named"})

    def test_an_error_code_without_a_page_is_found(self):
        planted = {"src/ends/lake/table.cc": 'auto c = "LAKE-TABLE-009";\n'}
        self.assertEqual(broken_rules(planted), {"error_codes_are_explained"})

    def test_an_error_code_that_nothing_uses_is_found(self):
        planted = {"src/ends/lake/error_codes.cc": 'auto c = "LAKE-TABLE-009";\n'}
        self.assertEqual(broken_rules(planted), {"error_codes_are_explained"})

    def test_a_fault_point_that_is_not_listed_is_found(self):
        planted = {"src/core/base/fault_point.cc": '{"a.b",\n',
                   "src/ends/lake/table.cc": 'FIRN_FAULT_POINT("a.b"); FIRN_FAULT_POINT("a.c");\n'}
        self.assertEqual(broken_rules(planted), {"fault_points_are_listed"})

    def test_a_variable_that_the_help_does_not_name_is_found(self):
        planted = {"src/app/cli/commands/environment_help.cc": '{"FIRN_ENV", "x"},\n',
                   "src/ends/lake/table.cc": 'std::getenv("FIRN_ENV"); std::getenv("FIRN_NEW");\n'}
        rooms = [*ROOMS, {"name": "cli", "path": "src/app/cli", "may_use": [], "headers": []}]
        planted["src/app/cli/README.md"] = "cli\n"
        self.assertEqual(broken_rules(planted, rooms), {"environment_variables_are_listed"})

    def test_a_decision_that_the_index_does_not_name_is_found(self):
        planted = {"docs/decisions/0001-one.md": "# 0001\n", "docs/decisions/README.md": "# Decisions\n"}
        self.assertEqual(broken_rules(planted), {"decisions_are_listed"})

    def test_a_number_that_two_decisions_have_is_found(self):
        planted = {"docs/decisions/0001-one.md": "# 0001\n", "docs/decisions/0001-two.md": "# 0001\n",
                   "docs/decisions/README.md": "[0001](0001-one.md) [0001](0001-two.md)\n"}
        self.assertEqual(broken_rules(planted), {"decisions_are_listed"})

    def test_a_link_that_leads_nowhere_is_found(self):
        planted = {"docs/a.md": "`[no](link.md)` [yes](b.md) [out](https://example.com)\n", "docs/b.md": "[a](a.md#top)\n"}
        self.assertEqual(broken_rules(planted), set())
        planted["docs/b.md"] = "see [c](c.md)\n"
        self.assertEqual(broken_rules(planted), {"links_between_pages_lead_somewhere"})


if __name__ == "__main__":
    unittest.main()
