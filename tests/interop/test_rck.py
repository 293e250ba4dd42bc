"""The official REST compatibility kit of Apache Iceberg (its open-api module), unchanged, against
`firn lake serve`.

What could go wrong in production: the Java client, which Spark, Flink and Trino share, meets an
answer it does not expect.
"""
import subprocess
import xml.etree.ElementTree

from support.catalog import Catalog
from support.lake_desk import SOURCE

# What the reference server of the same release passes; the rest it skips by its own settings.
REFERENCE_PASSES = 144
SUITE = "org.apache.iceberg.rest.RESTCompatibilityKitSuite"


def run_kit(catalog, folder, *settings):
    """{test: "passed" | "skipped" | text of the failure}"""
    jars = SOURCE / ".deps/jars"
    listed = [line.split()[0] for line in (SOURCE / "tools/setup/jars.txt").read_text().splitlines()
              if line.strip() and not line.startswith("#")]
    names = ["-".join(artifact.split(":")[1:]) + ".jar" for artifact in listed]
    kit = [str(jars / name) for name in names
           if "spark-runtime" not in name and "junit-platform-console" not in name]
    console = next(jars / name for name in names if "junit-platform-console" in name)
    done = subprocess.run(
        ["java", "-Xmx512m", "-Drck.local=false", f"-Duri={catalog.url}",
         "-Dio-impl=org.apache.iceberg.hadoop.HadoopFileIO",
         "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", *settings, "-jar", str(console),
         "execute", "-cp", ":".join(kit), "--select-class", SUITE, "--config", "rck.local=false",
         "--include-classname", ".*", "--details=none", "--disable-banner",
         "--reports-dir", str(folder)],
        capture_output=True, text=True, timeout=1500, check=False)
    reports = sorted(folder.glob("TEST-*.xml"))
    assert reports, done.stdout[-3000:] + done.stderr[-3000:]
    outcome = {}
    for report in reports:
        for case in xml.etree.ElementTree.parse(report).iter("testcase"):
            name = f"{case.get('classname')}.{case.get('name')}"
            failure = case.find("failure") if case.find("failure") is not None else case.find("error")
            outcome[name] = ("passed" if case.find("skipped") is None and failure is None else
                             "skipped" if failure is None else failure.get("message", "")[:500])
    return outcome


def check(outcome):
    failed = {name: why for name, why in outcome.items() if why not in ("passed", "skipped")}
    assert not failed
    assert list(outcome.values()).count("passed") >= REFERENCE_PASSES


def test_the_kit_passes_with_names_with_dots_and_variant_columns(tmp_path):
    with Catalog(tmp_path / "catalog") as catalog:
        check(run_kit(catalog, tmp_path / "reports", "-Drck.requires-namespace-create=true",
                      "-Drck.supports-names-with-dot=true", "-Drck.supports-variant=true"))


def test_the_kit_passes_with_the_settings_of_the_reference(tmp_path):
    # The reference's SQL catalog takes tables into namespaces that are not there.
    with Catalog(tmp_path / "catalog", "--implicit-namespaces") as catalog:
        check(run_kit(catalog, tmp_path / "reports"))
