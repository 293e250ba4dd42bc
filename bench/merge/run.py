"""Firn's merge: an upsert against PyIceberg's, DuckDB's scan after a hundred commits, and a steady
stream of changes. Prints a Markdown report and writes it and the numbers into bench/results/.

    python3 bench/import/generate.py build/bench/opportunity
    cmake --build build/release --target firn merge_driver
    .venv/bin/python bench/merge/run.py [--seconds 600] [--rounds 3]

CPU seconds stand beside wall seconds: on a machine that others use they are the ones to trust.
"""
import argparse
import csv
import json
import os
import platform
import random
import resource
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TABLE = "sales.opportunity"
POINTS = (1, 20, 35, 50, 65, 80, 90, 100)
SCAN = "SELECT count(*), sum(Amount), max(LastModifiedDate), count(DISTINCT StageName) FROM {}"


def tree_bytes(folder):
    return sum(os.path.getsize(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names)


def run(command, **more):
    """Wall and CPU seconds, peak memory and output of a process."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, **more)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]} failed with {process.returncode}: {out!r}")
    return {"seconds": time.perf_counter() - start, "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "rss_mib": usage.ru_maxrss // 1024, "out": out}


def write_changes(data, path, rows):
    """`rows` rows of the pages with other amounts and stages, drawn evenly from all of them."""
    rng = random.Random(5)
    every = 1_000_000 // rows
    number = 0
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for name in sorted(os.listdir(data + "/pages")):
            with open(f"{data}/pages/{name}", newline="", encoding="utf-8") as page:
                source = csv.reader(page)
                header = next(source)
                if number == 0:
                    out.writerow(header)
                for row in source:
                    if number % every == 0:
                        row[header.index("Amount")] = str(rng.randrange(10_000))
                        row[header.index("StageName")] = "Closed Won"
                        out.writerow(row)
                    number += 1


def fresh(wanted):
    """A warehouse with the table as an import makes it."""
    place = wanted.work + "/warehouse"
    shutil.rmtree(place, ignore_errors=True)
    run([wanted.firn, "lake", "import", "--table", TABLE, "--pages", wanted.data + "/pages", "--describe",
         wanted.data + "/describe.json", "--warehouse", place])
    return place


def upsert_firn(wanted, changes):
    place = fresh(wanted)
    before = tree_bytes(place + "/sales/opportunity")
    done = run([wanted.firn, "lake", "import", "--table", TABLE, "--pages", changes, "--describe",
                wanted.data + "/describe.json", "--warehouse", place, "--mode", "upsert", "--key", "Id", "--json"])
    out = json.loads(done.pop("out"))
    assert out["rows_updated"] == out["rows_received"] > 0, out
    return {**done, "inside_seconds": out["seconds"], "rows": out["rows_updated"],
            "bytes": tree_bytes(place + "/sales/opportunity") - before, "index_bytes": tree_bytes(place + "/sales/.firn")}


def upsert_peer(wanted, changes):
    place = fresh(wanted)
    before = tree_bytes(place + "/sales/opportunity")
    done = run([wanted.peer_python, HERE + "/peer.py", place, changes])
    out = json.loads(done["out"])
    return {**out, "rss_mib": done["rss_mib"], "bytes": tree_bytes(place + "/sales/opportunity") - before}


def drive(wanted, place, **pace):
    done = run([wanted.driver, place, TABLE, *[f"{name}={value}" for name, value in pace.items()]])
    return json.loads(done["out"])


def duck():
    import glob
    import duckdb
    import duckdb_extension_avro
    import duckdb_extension_iceberg
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true", "threads": 1})
    for module in (duckdb_extension_avro, duckdb_extension_iceberg):
        connection.execute(f"LOAD '{glob.glob(module.__path__[0] + '/**/*.duckdb_extension', recursive=True)[0]}'")
    return connection


def metadata(wanted, place):
    return json.loads(subprocess.run([wanted.firn, "lake", "show", TABLE, "--warehouse", place, "--json"], check=True,
                                     capture_output=True).stdout)["metadata"]


def cpu_of(connection, query, rounds=9):
    """CPU seconds of a query, the least of some, and its first value."""
    best, first = None, None
    for _ in range(rounds):
        before = resource.getrusage(resource.RUSAGE_SELF)
        first = connection.execute(query).fetchone()[0]
        after = resource.getrusage(resource.RUSAGE_SELF)
        took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = took if best is None else min(best, took)
    return best, first


def scan(wanted, place):
    """DuckDB's scan of the table, one thread: of three columns and of all, and of three of its data files alone,
    deletes passed over."""
    connection = duck()
    location = metadata(wanted, place)
    table = f"iceberg_scan('{location}')"
    seconds, rows = cpu_of(connection, SCAN.format(table))
    names = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()]
    every = ", ".join(f'max("{name}")' for name in names)
    wide_seconds, _ = cpu_of(connection, f"SELECT count(*), {every} FROM {table}", rounds=7)
    files = [path.removeprefix("file://") for content, path in connection.execute(
        f"SELECT content, file_path FROM iceberg_metadata('{location}') WHERE status <> 'DELETED'").fetchall()
             if "DELETES" not in content]
    files_seconds, _ = cpu_of(connection, SCAN.format(f"read_parquet({files})"))
    return {"cpu_seconds": seconds, "wide_cpu_seconds": wide_seconds, "files_cpu_seconds": files_seconds, "rows": rows}


def ratios(scanned, plain):
    return {"scan_cpu_seconds": scanned["cpu_seconds"], "scan_wide_cpu_seconds": scanned["wide_cpu_seconds"],
            "scan_ratio": scanned["cpu_seconds"] / plain["cpu_seconds"],
            "scan_wide_ratio": scanned["wide_cpu_seconds"] / plain["wide_cpu_seconds"],
            "files_ratio": scanned["files_cpu_seconds"] / plain["cpu_seconds"]}


def after_commits(wanted, plain, **pace):
    place = fresh(wanted)
    driven = drive(wanted, place, **pace)
    scanned = scan(wanted, place)
    assert scanned["rows"] == driven["rows"], (scanned, driven)
    return {"pace": pace, **driven, **ratios(scanned, plain)}


def along_the_way(wanted, plain, version):
    """Scans between uniform upserts of 10,000 rows, at the commits of POINTS; the driver starts anew at each."""
    place = fresh(wanted)
    points = []
    done = 0
    for point in POINTS:
        driven = drive(wanted, place, commits=point - done, interval_ms=0, whole=10_000, skew=0, format=version,
                       seed=point)
        done = point
        points.append({"commits": point, "rows_dead": driven["rows_dead"], "data_files": driven["data_files"],
                       "rows_folded": driven["rows_folded"], "bytes_written": driven["bytes_written"],
                       "cpu_seconds": driven["cpu_seconds"], **ratios(scan(wanted, place), plain)})
    return points


def report_way(results):
    lines = ["", "## DuckDB's scan along a hundred uniform upserts of 10,000 rows", "",
             "CPU of one thread against the compacted table's. Written: by the commits since the point before.", "",
             "| version | after commit | dead rows | files | written MB a commit | every column | three columns |",
             "|---|---|---|---|---|---|---|"]
    for version, points in results["along_the_way"].items():
        before = 0
        for one in points:
            written = one["bytes_written"] / 1e6 / (one["commits"] - before)
            before = one["commits"]
            lines.append(f"| {version} | {one['commits']} | {one['rows_dead']:,} | {one['data_files']} | {written:.1f} | "
                         f"{one['scan_wide_ratio']:.2f} | {one['scan_ratio']:.2f} |")
    return lines


def report(wanted, results):
    firn, peer = results["upsert"]["firn"], results["upsert"]["peer"]
    lines = ["# Merging changes into a table of 1M rows", "",
             "1,000,000 rows x 20 columns (bench/import/generate.py). The compacted table is the one a fresh import makes: "
             "the same keys in full files without deletes.",
             f"Machine: {os.cpu_count()} cores shared with other work (load {results['load']:.1f}), {platform.machine()}, "
             f"Linux {platform.release()}; command: `bench/merge/run.py --seconds {wanted.seconds} --rounds {wanted.rounds}`",
             "", f"## Upsert of {firn['rows']:,} rows", "",
             "| | wall s | CPU s | written MB | peak MiB |", "|---|---|---|---|---|",
             f"| firn, whole process | {firn['seconds']:.2f} | {firn['cpu_seconds']:.2f} | {firn['bytes'] / 1e6:.2f} | {firn['rss_mib']} |",
             f"| PyIceberg, after its imports | {peer['seconds']:.2f} | {peer['cpu_seconds']:.2f} | {peer['bytes'] / 1e6:.2f} | {peer['rss_mib']} |",
             "", f"{peer['seconds'] / firn['seconds']:.1f} times faster by the wall clock, "
             f"{peer['cpu_seconds'] / firn['cpu_seconds']:.1f} times by CPU. Beside the table firn keeps its key index, "
             f"{firn['index_bytes'] / 1e6:.1f} MB, written when it had to be made.", "", "## Streams of changes", "",
             "| changes | commits | changes/s | commit p50 / p99 s | latest start s | CPU s | files | dead rows | "
             "DuckDB scan of every column, x compacted | of three | its data files alone | index B/row, peak | peak MiB |",
             "|" + "---|" * 13]
    for name, one in results["streams"].items():
        lines.append(f"| {name} | {one['commits']} | {one['changes_per_second']:,.0f} | {one['commit_p50_s']:.3f} / "
                     f"{one['commit_p99_s']:.3f} | {one['late_max_s']:.2f} | {one['cpu_seconds']:.1f} | {one['data_files']} | "
                     f"{one['rows_dead']:,} | {one['scan_wide_ratio']:.2f} | {one['scan_ratio']:.2f} | {one['files_ratio']:.2f} | {one['index_bytes_per_row']:.1f}, "
                     f"{one['index_peak_bytes_per_row']:.1f} | {one['rss_peak_mib']} |")
    lines += report_way(results)
    lines += ["", "`latest start`: how long after its second a commit began, at worst. `its data files alone`: the same query on "
              "the live data files as plain Parquet, so that the rest of the scan is what DuckDB spends on position deletes."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=ROOT + "/build/bench/opportunity")
    parser.add_argument("--work", default=ROOT + "/build/bench/merge")
    parser.add_argument("--firn", default=ROOT + "/build/release/bin/firn")
    parser.add_argument("--driver", default=ROOT + "/build/release/bench/merge/merge_driver")
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", default=ROOT + "/bench/results/merge")
    wanted = parser.parse_args()
    os.makedirs(wanted.work, exist_ok=True)
    changes = wanted.work + "/changes.csv"
    if not os.path.exists(changes):
        write_changes(wanted.data, changes, 10_000)

    def least(runs):
        return min(runs, key=lambda one: one["cpu_seconds"])

    results = {"load": os.getloadavg()[0], "upsert": {
        "firn": least([upsert_firn(wanted, changes) for _ in range(wanted.rounds)]),
        "peer": least([upsert_peer(wanted, changes) for _ in range(wanted.rounds)])}}
    plain = scan(wanted, fresh(wanted))
    results["compacted_scan"] = plain
    streams = {
        "10,000 whole rows x 100, uniform": dict(commits=100, interval_ms=0, whole=10_000, skew=0),
        "50,000 whole rows each second, 80/20": dict(commits=wanted.seconds, whole=50_000),
        "10,000 partial rows each second, 80/20": dict(commits=wanted.seconds, whole=0, partial=10_000),
        "10,000 whole rows each second with a changelog, 80/20": dict(commits=wanted.seconds, whole=10_000, changelog=1)}
    results["along_the_way"] = {version: along_the_way(wanted, plain, version) for version in (2, 3)}
    results["streams"] = {name: after_commits(wanted, plain, **pace) for name, pace in streams.items()}
    text = report(wanted, results)
    print(text)
    with open(wanted.out + ".md", "w", encoding="utf-8") as out:
        out.write(text)
    with open(wanted.out + ".json", "w", encoding="utf-8") as out:
        json.dump(results, out, indent=1)


if __name__ == "__main__":
    main()
