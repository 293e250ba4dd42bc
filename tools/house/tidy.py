#!/usr/bin/env python3
"""The house rules that a machine can check, run as a test (docs: CONTRIBUTING.md).

tidy.py [ROOT] [ROOMS_JSON]: prints one line a broken rule, `file:line: rule: what`, and exits 1.
Each rule is a function of the Tree; tests/house/test_tidy.py plants a violation of each one.
"""
import json
import pathlib
import re
import subprocess
import sys

SOURCE = (".cc", ".h")
VENDOR_HEADERS = ("arrow/", "parquet/", "grpc", "boost/", "curl/", "nlohmann/", "spdlog/", "yaml-cpp/",
                  "CLI/", "CLI11", "simdjson", "librdkafka/")
FILE_LINES_MAX = 1000
FUNCTION_LINES_MAX = 70
# Words that stand for unfinished work; a TODO names its owner, the reason and when.
UNFINISHED = re.compile(r"\b(FIXME|XXX)\b|TODO(?!\([a-z]+\): \S)")
MACHINE = re.compile(r"(?<![\w.])/(work|farm)/\w|\b(pypi\.org|files\.pythonhosted|registry\.npmjs|"
                     r"repo1?\.maven|deb\.debian\.org|proxy\.golang|static\.crates|crates\.io)")
# SCRAM-SHA-256 is the name of a sign-in (RFC 7677), no code of ours.
ERROR_CODE = re.compile(r'"((?!SCRAM-)[A-Z][A-Z0-9]+-[A-Z][A-Z0-9]+-\d{3})"')
FAULT_POINT = re.compile(r'FIRN_FAULT_POINT\("([^"]+)"\)|FaultPointFails\("([^"]+)"\)')
# AWS_ENDPOINT_URL_S3 and its kin, one a service, are one line of the list.
ENVIRONMENT = re.compile(r'\b(?:getenv|EnvironmentSet|FromEnvironment|Get|GetOr|Text|Number|IsTrue)'
                         r'\("(?!AWS_ENDPOINT_URL_)([A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9])"')


class Tree:
    def __init__(self, root, rooms):
        self.root = root
        self.rooms = rooms
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=root,
                                capture_output=True, text=True, check=False).stdout.splitlines()
        names = listed or [str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()]
        self.files = sorted({n for n in names if (root / n).is_file()})
        self._text = {}

    def text(self, name):
        if name not in self._text:
            self._text[name] = (self.root / name).read_text(errors="replace")
        return self._text[name]

    def lines(self, name):
        return enumerate(self.text(name).splitlines(), 1)

    def sources(self):
        return [n for n in self.files if n.endswith(SOURCE) and n.startswith(("src/", "sandbox/"))]

    def room_of(self, name):
        best = None
        for room in self.rooms:
            if name.startswith(room["path"] + "/") and (best is None or len(room["path"]) > len(best["path"])):
                best = room
        return best


def rooms_use_only_what_they_may(tree):
    """Includes between rooms follow ARCHITECTURE.md's table, and only headers listed as public."""
    by_name = {room["name"]: room for room in tree.rooms}
    for name in tree.sources():
        room = tree.room_of(name)
        if room is None:
            yield name, 1, "stands in no room"
            continue
        test = name.endswith("_test.cc")
        for number, line in tree.lines(name):
            match = re.match(r'\s*#include "([^"]+)"', line)
            if not match:
                continue
            path = match[1] if match[1].startswith("sandbox/") else "src/" + match[1]
            other = tree.room_of(path)
            if other is None or other["name"] == room["name"]:
                continue
            if other["name"] not in room["may_use"]:
                yield name, number, f"room `{room['name']}` may not use room `{other['name']}`"
                continue
            header = str(pathlib.PurePosixPath(path).relative_to(other["path"]))
            if header not in by_name[other["name"]]["headers"] and not test:
                yield name, number, f"`{header}` is private to room `{other['name']}`"


def the_room_graph_has_no_cycle(tree):
    uses = {room["name"]: room["may_use"] for room in tree.rooms}
    state = {}

    def visit(name, path):
        if state.get(name) == "done":
            return None
        if state.get(name) == "open":
            return path + [name]
        state[name] = "open"
        for other in uses.get(name, []):
            cycle = visit(other, path + [name])
            if cycle:
                return cycle
        state[name] = "done"
        return None

    for name in uses:
        cycle = visit(name, [])
        if cycle:
            yield "CMakeLists.txt", 1, "rooms in a circle: " + " -> ".join(cycle)
            return


def public_headers_name_no_vendor(tree):
    for room in tree.rooms:
        for header in room["headers"]:
            name = f"{room['path']}/{header}"
            if not (tree.root / name).is_file():
                yield name, 1, "is listed in HEADERS and does not exist"
                continue
            for number, line in tree.lines(name):
                match = re.match(r"\s*#include [<\"]([^>\"]+)", line)
                if match and match[1].startswith(VENDOR_HEADERS) and match[1] != "arrow/type_fwd.h":
                    yield name, number, f"`{match[1]}` in a public header"


def files_stay_short(tree):
    for name in tree.files:
        if name.endswith(SOURCE + (".py",)) and tree.text(name).count("\n") > FILE_LINES_MAX:
            yield name, FILE_LINES_MAX, f"more than {FILE_LINES_MAX} lines"


def functions_fit_a_screen(tree):
    """A function body at namespace or class level, counted by its braces as clang-format sets them."""
    for name in tree.sources():
        start = None
        indent = ""
        for number, line in tree.lines(name):
            if start is None:
                match = re.match(r"^( {0,2})(?!namespace|class|struct|enum|union|extern|const|constexpr|static const"
                                 r"|inline const)\S.*\)[^;=]*\{$|^( {4})\S.*\) (const )?\{$", line)
                if match:
                    start, indent = number, re.match(r" *", line)[0]
                    if match[2] is not None:
                        start = None
            elif line == indent + "}" or line.startswith(indent + "};"):
                if number - start + 1 > FUNCTION_LINES_MAX:
                    yield name, start, f"function of {number - start + 1} lines (at most {FUNCTION_LINES_MAX})"
                start = None


# A member of a plain type: what it holds is there to be read. Locks, threads and the like do their work by being there.
PLAIN_MEMBER = re.compile(r"^ +(?:const |mutable )*(?:(?:std::)?(?:u?int\w*|size_t|string_view|chrono::\w+)|bool|char|double|float"
                          r"|[A-Za-z_][\w:]*(?:<[^;()]*>)?(?: const)? ?[&*])\s+?(\w+_)(?: = [^;]*|\{[^;]*\})?;")
WRITTEN = re.compile(r"^\s*(?:this->)?\w+_ = (?!.*\w_ = )|(?:^\s*[:,]?|\)\s*:|[)}],)\s*\w+_(?=[({])(?!.*;$)")


def members_that_are_set_are_read(tree):
    """A plain member that its room only ever sets is left over; clang refuses it, and with it the fuzz preset."""
    declared, read = {}, set()
    for name in tree.sources():
        room = (tree.room_of(name) or {"name": ""})["name"]
        for number, line in tree.lines(name):
            code = line.split("//")[0]
            match = PLAIN_MEMBER.match(code)
            if match and not code.lstrip().startswith("return"):
                declared.setdefault((room, match[1]), (name, number))
                code = code[match.end(1):]
            read |= {(room, word) for word in re.findall(r"\b\w+_\b", WRITTEN.sub(" ", code))}
    for (room, member), (name, number) in declared.items():
        if (room, member) not in read:
            yield name, number, f"`{member}` is set and never read"


def rooms_have_a_readme(tree):
    for room in tree.rooms:
        if not any(name.startswith(room["path"] + "/") and name.endswith(SOURCE) for name in tree.files):
            continue
        readme = f"{room['path']}/README.md"
        if readme not in tree.files:
            yield readme, 1, "missing: 5 to 10 lines on what the room does"


def rooms_stand_in_the_architecture(tree):
    page = "ARCHITECTURE.md"
    for room in tree.rooms:
        if page in tree.files and f"\n| {room['name']} |" not in tree.text(page):
            yield page, 1, f"has no row for room `{room['name']}`"


def public_headers_say_what_they_are_for(tree):
    for room in tree.rooms:
        for header in room["headers"]:
            name = f"{room['path']}/{header}"
            if (tree.root / name).is_file() and not tree.text(name).startswith("// "):
                yield name, 1, "public header without a header comment"


def nothing_is_left_unfinished(tree):
    for name in tree.files:
        if not name.endswith(SOURCE + (".py", ".cmake", ".txt", ".yaml")) or name.startswith(("tools/house", "tests/house")):
            continue
        for number, line in tree.lines(name):
            if UNFINISHED.search(line):
                yield name, number, "unfinished work without owner, reason and date"


def no_machine_and_no_registry_is_named(tree):
    for name in tree.files:
        if name.startswith(("tools/house", "tests/house")) or name.endswith((".bin", ".png", ".avro", ".parquet", ".gz")):
            continue
        for number, line in tree.lines(name):
            if MACHINE.search(line):
                yield name, number, "names a path of one machine or a registry host"


def error_codes_are_explained(tree):
    """Each code in the code stands in exactly one error_codes.cc, and each listed one is used."""
    listed, used = {}, {}
    for name in tree.sources():
        if name.endswith("_test.cc"):
            continue
        table = name.endswith("error_codes.cc")
        for number, line in tree.lines(name):
            for code in ERROR_CODE.findall(line):
                if table:
                    if code in listed:
                        yield name, number, f"{code} is listed twice, also in {listed[code][0]}"
                    listed[code] = (name, number)
                else:
                    used.setdefault(code, (name, number))
    for code, (name, number) in used.items():
        if code not in listed:
            yield name, number, f"{code} stands in no error_codes.cc: `firn explain` does not know it"
    for code, (name, number) in listed.items():
        if code not in used:
            yield name, number, f"{code} is listed and never used"


def fault_points_are_listed(tree):
    table = "src/core/base/fault_point.cc"
    if table not in tree.files:
        return
    listed = set(re.findall(r'\{"([a-z0-9_.]+)",', tree.text(table)))
    used = {}
    for name in tree.sources():
        if name.startswith("src/core/base/fault_point") or name.endswith("_test.cc"):
            continue
        for number, line in tree.lines(name):
            for groups in FAULT_POINT.findall(line):
                used.setdefault(groups[0] or groups[1], (name, number))
    for point, (name, number) in used.items():
        if point not in listed:
            yield name, number, f"fault point `{point}` is not listed in fault_point.cc"
    for point in listed - set(used):
        yield table, 1, f"fault point `{point}` is listed and stands nowhere"


def environment_variables_are_listed(tree):
    """What the sources read of the environment stands in `firn help environment`."""
    table = "src/app/cli/commands/environment_help.cc"
    if table not in tree.files:
        return
    for name in tree.sources():
        if name.endswith("_test.cc") or "/testing/" in name:
            continue
        for number, line in tree.lines(name):
            for variable in ENVIRONMENT.findall(line):
                if f'{{"{variable}",' not in tree.text(table):
                    yield name, number, f"`{variable}` is read and not listed in {table}"


def decisions_are_listed(tree):
    """Each record of docs/decisions stands in the index there, and no two have one number."""
    folder = "docs/decisions/"
    records = [name for name in tree.files if re.match(folder + r"\d{4}-", name)]
    index = tree.text(folder + "README.md") if folder + "README.md" in tree.files else ""
    numbers = {}
    for name in records:
        file = name.removeprefix(folder)
        if f"({file})" not in index:
            yield name, 1, f"has no line in {folder}README.md"
        first = numbers.setdefault(file[:4], file)
        if first != file:
            yield name, 1, f"has the number of {first}"


def links_between_pages_lead_somewhere(tree):
    for name in tree.files:
        if not name.endswith(".md"):
            continue
        # Code is blanked, not cut, so that line numbers stay.
        text = re.sub(r"```.*?```|`[^`\n]*`", lambda code: re.sub(r"[^\n]", " ", code[0]), tree.text(name), flags=re.S)
        for number, line in enumerate(text.splitlines(), 1):
            for target in re.findall(r"\]\(([^)\s#]+)", line):
                if "://" in target or target.startswith("mailto:"):
                    continue
                if not (tree.root / name).parent.joinpath(target).exists():
                    yield name, number, f"`{target}` is not there"


RULES = [rooms_use_only_what_they_may, the_room_graph_has_no_cycle, public_headers_name_no_vendor,
         files_stay_short, functions_fit_a_screen, members_that_are_set_are_read, rooms_have_a_readme,
         rooms_stand_in_the_architecture,
         public_headers_say_what_they_are_for, nothing_is_left_unfinished,
         no_machine_and_no_registry_is_named, error_codes_are_explained, fault_points_are_listed,
         environment_variables_are_listed, decisions_are_listed, links_between_pages_lead_somewhere]


def check(root, rooms):
    tree = Tree(root, rooms)
    return [f"{name}:{line}: {rule.__name__}: {what}" for rule in RULES for name, line, what in rule(tree)]


def main(argv):
    root = pathlib.Path(argv[0] if argv else ".").resolve()
    table = pathlib.Path(argv[1]) if len(argv) > 1 else root / "build" / "release" / "rooms.json"
    broken = check(root, json.loads(table.read_text()))
    print("\n".join(broken) if broken else f"house rules: {len(RULES)} rules hold")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
