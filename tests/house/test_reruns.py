"""`./dev test` names what failed, tries it once more alone, and tells chance from breakage."""
import contextlib
import io
import pathlib
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))

from dev import tests  # noqa: E402
from dev.shell import Failed  # noqa: E402

FIRST_FAILS = 'if [ -e seen ]; then exit 0; fi; touch seen; echo by chance; exit 1'


class Reruns(unittest.TestCase):
    def setUp(self):
        self.build = pathlib.Path(tempfile.mkdtemp(prefix="firn-reruns-")) / "build" / "release"
        self.build.mkdir(parents=True)
        self.addCleanup(shutil.rmtree, self.build.parents[1])

    def run_tests(self, program=None, **commands):
        """Runs shell lines as tests, and `program` as the test `gone`; what was printed, and the failure."""
        gone = f'add_test(gone "{program}")\n' if program else ""
        (self.build / "CTestTestfile.cmake").write_text(
            gone + "".join(f'add_test({name} "/bin/sh" "-c" [=[{line}]=])\n' for name, line in commands.items()))
        printed = io.StringIO()
        failure = None
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            try:
                tests.run_tests(self.build, ["--test-dir", self.build, "--quiet"], "2")
            except Failed as failed:
                failure = str(failed)
        return printed.getvalue(), failure

    def unstable(self):
        path = self.build.parent / "unstable.txt"
        return path.read_text() if path.exists() else ""

    def test_nothing_is_said_when_all_pass(self):
        self.assertEqual(self.run_tests(good="exit 0"), ("", None))
        self.assertEqual(self.unstable(), "")

    def test_a_test_that_passes_the_second_time_is_named_unstable_and_counts_as_passed(self):
        printed, failure = self.run_tests(good="exit 0", shaky=FIRST_FAILS)
        self.assertIsNone(failure)
        self.assertIn("passed only the second time: shaky", printed)
        self.assertNotIn("good", printed)
        self.assertIn("by chance", (self.build / "failed" / "shaky.log").read_text())
        self.assertTrue(self.unstable().rstrip().endswith("release shaky"), self.unstable())

    def test_a_test_that_fails_twice_fails_the_run_by_its_name_with_its_log(self):
        printed, failure = self.run_tests(broken="echo why it broke; exit 1", shaky=FIRST_FAILS)
        self.assertEqual(failure, "1 tests failed: broken")
        self.assertIn(f"failed: broken  ({self.build}/failed/broken.log)", printed)
        self.assertIn("why it broke", (self.build / "failed" / "broken.log").read_text())

    def test_where_many_fail_none_is_tried_again(self):
        names = {f"t{n}": f"echo x >> ran{n}; exit 1" for n in range(tests.TRIED_AGAIN_MOST + 1)}
        _, failure = self.run_tests(**names)
        self.assertIn(f"{len(names)} tests failed", failure)
        self.assertEqual((self.build / "ran0").read_text(), "x\n")

    def test_a_test_whose_program_is_missing_fails_the_run_beside_one_that_is_unstable(self):
        _, failure = self.run_tests("/no/such/program", shaky=FIRST_FAILS)
        self.assertEqual(failure, "1 tests failed: gone")


if __name__ == "__main__":
    unittest.main()
