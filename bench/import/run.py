"""Firn's import against pyarrow.csv + PyIceberg append: same pages, same threads, turn by turn.

Firn is timed as a whole process with its fsyncs; the peer inside its process, after its imports.
Prints a Markdown report and writes it and the numbers into bench/results/.

    ./dev bench import          (or: python3 bench/import/run.py --peer-python .venv/bin/python)
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.dirname(HERE))
from common import Machine  # noqa: E402


TENFOLD = 10


def parquet_bytes(folder):
    return sum(os.path.getsize(os.path.join(at, name))
               for at, _, names in os.walk(folder) for name in names if name.endswith(".parquet"))


def run_firn(firn, data, warehouse, threads):
    command = [firn, "lake", "import", "--table", "sales.opportunity", "--pages", data + "/pages", "--describe",
               data + "/describe.json", "--warehouse", warehouse, "--threads", str(threads), "--json"]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"firn failed with {process.returncode}: {out!r}")
    return {"seconds": seconds, "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "rss_bytes": usage.ru_maxrss * 1024, "rows": json.loads(out)["rows_written"]}


def run_peer(python, data, warehouse, threads):
    done = subprocess.run([python, HERE + "/peer.py", data + "/pages", data + "/describe.json", warehouse,
                           str(threads)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def measure(wanted, threads):
    runs = {"firn": [], "peer": []}
    for number in range(wanted.rounds):
        for name in runs:
            warehouse = f"{wanted.work}/{name}-{threads}-{number}"
            shutil.rmtree(warehouse, ignore_errors=True)
            if name == "firn":
                result = run_firn(wanted.firn, wanted.data, warehouse, threads)
            else:
                result = run_peer(wanted.peer_python, wanted.data, warehouse, threads)
            result["file_bytes"] = parquet_bytes(warehouse)
            shutil.rmtree(warehouse)
            runs[name].append(result)
    if {run["rows"] for run in runs["firn"]} != {run["rows"] for run in runs["peer"]}:
        sys.exit("firn and the peer did not load the same number of rows")
    middle = {name: {key: statistics.median(run[key] for run in each) for key in each[0]}
              for name, each in runs.items()}
    pairs = list(zip(runs["peer"], runs["firn"]))
    best = {name: {key: min(run[key] for run in each) for key in ("seconds", "cpu_seconds")}
            for name, each in runs.items()}
    return {"threads": threads, "runs": runs, "median": middle, "best": best,
            "times_faster": statistics.median(peer["seconds"] / firn["seconds"] for peer, firn in pairs),
            "cpu_times_less": statistics.median(peer["cpu_seconds"] / firn["cpu_seconds"] for peer, firn in pairs),
            "file_ratio": middle["firn"]["file_bytes"] / middle["peer"]["file_bytes"]}


def measure_tenfold(wanted, threads):
    """Firn alone on the same pages ten times over (links, other names): memory must not grow."""
    data = f"{wanted.work}/tenfold"
    shutil.rmtree(data, ignore_errors=True)
    os.makedirs(data + "/pages")
    os.link(wanted.data + "/describe.json", data + "/describe.json")
    for copy in range(TENFOLD):
        for name in os.listdir(wanted.data + "/pages"):
            os.link(f"{wanted.data}/pages/{name}", f"{data}/pages/{copy}-{name}")
    warehouse = f"{wanted.work}/firn-tenfold-{threads}"
    shutil.rmtree(warehouse, ignore_errors=True)
    run = run_firn(wanted.firn, data, warehouse, threads)
    run["file_bytes"] = parquet_bytes(warehouse)
    shutil.rmtree(warehouse)
    shutil.rmtree(data)
    return dict(run, threads=threads)


def tenfold_lines(runs):
    lines = ["", f"The same pages {TENFOLD} times over, Firn alone, one run each:", "",
             "| threads | rows | wall s | CPU s | peak MiB |", "|---|---|---|---|---|"]
    return lines + [f"| {run['threads']} | {run['rows']:,.0f} | {run['seconds']:.1f} | {run['cpu_seconds']:.1f} | "
                    f"{run['rss_bytes'] / 2**20:.0f} |" for run in runs]


def best_ratios(result):
    firn, peer = result["best"]["firn"], result["best"]["peer"]
    return ", ".join(f"{peer[key] / firn[key]:.2f}" for key in ("seconds", "cpu_seconds"))


def report(wanted, results, machine):
    csv_bytes = sum(os.path.getsize(f"{wanted.data}/pages/{name}") for name in os.listdir(wanted.data + "/pages"))
    rows = results[0]["median"]["firn"]["rows"]
    lines = [
        "# Pages on disk -> committed table", "",
        f"{rows:,.0f} rows x 20 columns, {csv_bytes / 1e6:.0f} MB of CSV in {len(os.listdir(wanted.data + '/pages'))} "
        f"pages (bench/import/generate.py); medians of {wanted.rounds} rounds, turn by turn.",
        "Firn: whole process, fsync on. Peer: pyarrow.csv + PyIceberg append, timed after its imports.",
        f"Command: `python3 bench/import/run.py --rounds {wanted.rounds}`; the ratios are medians of the rounds', and of "
        "the best runs, which others disturbed least.", "",
        machine.line(), "",
        "| threads | | wall s | CPU s | best wall s | best CPU s | peak MiB | files MB | x peer wall, CPU | best: wall, CPU |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        for name in ("firn", "peer"):
            run = result["median"][name]
            best = result["best"][name]
            ratios = f"{result['times_faster']:.2f}, {result['cpu_times_less']:.2f} | {best_ratios(result)}"
            lines.append(
                f"| {result['threads']} | {name} | {run['seconds']:.2f} | {run['cpu_seconds']:.2f} | "
                f"{best['seconds']:.2f} | {best['cpu_seconds']:.2f} | {run['rss_bytes'] / 2**20:.0f} | "
                f"{run['file_bytes'] / 1e6:.1f} | {ratios if name == 'firn' else '1 | 1'} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--firn", default=ROOT + "/build/release/bin/firn")
    parser.add_argument("--peer-python", default=ROOT + "/.venv/bin/python")
    parser.add_argument("--data", default=ROOT + "/build/bench/opportunity")
    parser.add_argument("--work", default=ROOT + "/build/bench/work")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pages", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--no-tenfold", action="store_true", help="without the 10M rows of Firn alone")
    parser.add_argument("--name", default="import", help="of the files in bench/results")
    wanted = parser.parse_args()
    if not os.path.exists(wanted.data + "/describe.json"):
        subprocess.run([sys.executable, HERE + "/generate.py", wanted.data, "--rows", str(wanted.rows), "--pages",
                        str(wanted.pages)], check=True)
    os.makedirs(wanted.work, exist_ok=True)
    machine = Machine()
    results = [measure(wanted, threads) for threads in wanted.threads]
    tenfold = [] if wanted.no_tenfold else [measure_tenfold(wanted, threads) for threads in wanted.threads]
    text = report(wanted, results, machine) + ("\n".join(tenfold_lines(tenfold)) + "\n" if tenfold else "")
    print(text)
    with open(f"{ROOT}/bench/results/{wanted.name}.md", "w", encoding="utf-8") as out:
        out.write(text)
    with open(f"{ROOT}/bench/results/{wanted.name}.json", "w", encoding="utf-8") as out:
        json.dump({"results": results, "tenfold": tenfold}, out, indent=1)


if __name__ == "__main__":
    main()
