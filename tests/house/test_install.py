"""`cmake --install` gives a tree that can be moved anywhere: the program finds its own libraries.

usage: test_install.py BUILD_DIR
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv.pop(1))
SOURCE = pathlib.Path(__file__).resolve().parents[2]


class InstalledTree(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="firn-install-"))
        made = cls.folder / "made"
        subprocess.run(["cmake", "--install", BUILD, "--prefix", made], check=True,
                       stdout=subprocess.DEVNULL)
        cls.tree = cls.folder / "moved" / "elsewhere"
        cls.tree.parent.mkdir()
        made.rename(cls.tree)
        cls.program = cls.tree / "bin" / "firn"
        cls.environment = {"PATH": "/usr/bin:/bin", "HOME": str(cls.folder)}

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def output(self, *command):
        return subprocess.run(command, env=self.environment, cwd=self.folder, check=True,
                              capture_output=True, text=True).stdout

    def test_a_moved_tree_takes_its_libraries_from_itself(self):
        loaded = [line for line in self.output("ldd", self.program).splitlines()
                  if "libarrow" in line or "libparquet" in line]
        self.assertEqual(len(loaded), 3, loaded)
        for line in loaded:
            path = os.path.realpath(line.split("=>")[1].split("(")[0].strip())
            self.assertTrue(path.startswith(str(self.tree / "lib" / "firn")), line)

    def test_the_run_path_is_relative_and_names_no_folder_of_this_machine(self):
        dynamic = self.output("readelf", "-d", self.program)
        paths = [line for line in dynamic.splitlines() if "RUNPATH" in line or "RPATH" in line]
        self.assertEqual(len(paths), 1, paths)
        self.assertIn("[$ORIGIN/../lib/firn]", paths[0])

    def test_the_guide_names_the_package_of_every_library(self):
        """Of those that the program asks for itself: what they need, they bring."""
        guide = (SOURCE / "docs/guides/run-as-a-service.md").read_text()
        named = set(re.search(r"apt-get install --no-install-recommends (.*?)\n```", guide, re.S)[1].split())
        wanted = re.findall(r"\(NEEDED\).*\[(.*)\]", self.output("readelf", "-d", self.program))
        paths = dict(re.findall(r"(\S+) => (\S+)", self.output("ldd", self.program)))
        for library in wanted:
            path = os.path.realpath(paths.get(library, library))
            if path.startswith(str(self.tree)) or library.startswith("ld-linux"):
                continue
            # A merged /usr: the package may know the file by either name.
            owner = self.owner_of(path) or self.owner_of(path.removeprefix("/usr"))
            self.assertIn(owner, named | {"libc6", "libgcc-s1", "libstdc++6"}, library)

    def owner_of(self, path):
        found = subprocess.run(["dpkg-query", "-S", path], capture_output=True, text=True)
        return found.stdout.split(":")[0] if found.returncode == 0 else ""

    def test_a_moved_tree_makes_a_project_and_reads_it(self):
        self.output(self.program, "init", "sales")
        self.assertIn("sales", self.output(self.program, "org", "list", "--project", "sales", "--json")
                      + self.output(self.program, "config", "check", "--project", "sales", "--json"))

    def test_the_unit_for_systemd_lies_where_systemd_looks(self):
        unit = (self.tree / "lib" / "systemd" / "system" / "firn@.service").read_text()
        self.assertIn("/bin/firn run --project /srv/firn/%i", unit)

    def test_manual_pages_and_completions_lie_where_man_and_shells_look(self):
        share = self.tree / "share"
        self.assertIn(".TH \"FIRN-EXPORT-RUN\"", (share / "man" / "man1" / "firn-export-run.1").read_text())
        for path, shell in (("bash-completion/completions/firn", "bash"), ("zsh/vendor-completions/_firn", "zsh"),
                            ("fish/vendor_completions.d/firn.fish", "fish")):
            self.assertEqual((share / path).read_text(), self.output(self.program, "completion", shell))

    def test_everybodys_licence_lies_beside_it(self):
        documents = self.tree / "share" / "doc" / "firn"
        self.assertIn("Apache License", (documents / "LICENSE").read_text())
        listed = (documents / "third-party-licences.md").read_text()
        self.assertIn("Apache Arrow", listed)
        parts = {path.name for path in (documents / "licences").iterdir()}
        self.assertLessEqual({"arrow", "libboost1.81-dev", "libcurl4-openssl-dev", "libzstd-dev"}, parts)
        for part in parts:
            self.assertTrue(any((documents / "licences" / part).iterdir()), part)


if __name__ == "__main__":
    unittest.main()
