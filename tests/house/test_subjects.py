"""`./dev check` refuses commit subjects that break the rule, and only those."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

from house.subjects import wrong_subjects  # noqa: E402


class Subjects(unittest.TestCase):
    def test_room_colon_verb_is_right(self):
        self.assertEqual(wrong_subjects(["lake: write the page index", "net, sandbox: wait longer"]), [])

    def test_a_subject_without_a_room_is_named(self):
        self.assertIn("begin with the room", wrong_subjects(["Fix the thing"])[0])
        self.assertIn("begin with the room", wrong_subjects(["lake: Write the page index"])[0])

    def test_a_subject_of_more_than_72_characters_is_named_with_its_length(self):
        right = "lake: " + "x" * 66
        self.assertEqual(wrong_subjects([right]), [])
        self.assertIn("73 characters", wrong_subjects([right + "x"])[0])


if __name__ == "__main__":
    unittest.main()
