"""A project whose tables are in a REST catalog: Firn's own server, the Java reference, SeaweedFS."""
import contextlib
import hashlib
import json
import pathlib

import yaml

from support import aws
from support.catalog import Catalog
from support.firn import firn
from support.lake_desk import DESCRIBE, SOURCE, expected_row, write_page

# Of a client that has no keys of AWS: what the machine may have is not looked at.
NO_KEYS = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true",
           "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}


class RestProject:
    """`firn.yaml` with `lake.rest`, and pages to load. No org is reached."""

    def __init__(self, folder, rest=None, warehouse=None, mirrors=None, environment=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        lake = {"namespace": "sales"}
        if rest:
            lake["rest"] = rest
        if warehouse:
            lake["warehouse"] = str(warehouse)
        if mirrors:
            lake["mirrors"] = mirrors
        config = {"name": "rest", "lake": lake, "state": {"folder": "state"}, "orgs": [{
            "id": "none", "login_url": "http://127.0.0.1:9",
            "auth": {"flow": "client_credentials", "client_id": "x", "client_secret": "${env:NONE}"}}]}
        (self.folder / "firn.yaml").write_text(yaml.safe_dump(config))
        (self.folder / "describe.json").write_text(json.dumps(DESCRIBE))
        self.environment = {"NONE": "x", **(environment or {})}
        self.pages = 0

    def import_large(self, table):
        """600,000 rows, whose file goes to S3 in parts."""
        lines = ["Id,Text"] + [f"{n:015d}AAA,{hashlib.sha256(b'%d' % n).hexdigest()}" for n in range(600_000)]
        (self.folder / "large.csv").write_text("\n".join(lines) + "\n")
        (self.folder / "large.json").write_text(json.dumps({"name": "Large", "fields": [
            {"name": "Id", "type": "id", "length": 18, "nillable": False},
            {"name": "Text", "type": "string", "length": 255, "nillable": True}]}))
        return self.good("lake", "import", "--table", table, "--describe", self.folder / "large.json", "--pages",
                         self.folder / "large.csv")

    def firn(self, *words, **more):
        return firn(*words, "--project", self.folder, **{**self.environment, **more})

    def good(self, *words, **more):
        done = self.firn(*words, **more)
        assert done.code == 0, done
        return done

    def json(self, *words, **more):
        return self.good(*words, "--json", **more).json()

    def load(self, numbers, *words, table="sales.Deal", mode="append", **more):
        self.pages += 1
        page = self.folder / f"page-{self.pages}.csv"
        write_page(page, [expected_row(n) for n in numbers])
        return self.firn("lake", "import", "--table", table, "--pages", page, "--describe",
                         self.folder / "describe.json", "--mode", mode, *words, **more)

    def ids(self, table="sales.Deal"):
        out = self.good("lake", "rows", table, "--columns", "Id", "--json").out
        return sorted(json.loads(line)["row"]["Id"] for line in out.splitlines() if line.strip())

    def history(self, table="sales.Deal"):
        return self.json("lake", "history", table)["rows"]


def ids_of(numbers):
    return sorted(expected_row(n)["Id"] for n in numbers)


@contextlib.contextmanager
def java_reference(folder):
    """The reference implementation's fixture server; yields its URI."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    names = ["-".join(line.split()[0].split(":")[1:]) + ".jar"
             for line in (SOURCE / "tools/setup/jars.txt").read_text().splitlines()
             if line.strip() and not line.startswith("#")]
    jars = [str(SOURCE / ".deps/jars" / name) for name in names
            if "spark-runtime" not in name and "junit-platform-console" not in name]

    def words(port):
        return ["env", f"CATALOG_REST_PORT={port}", f"CATALOG_WAREHOUSE=file://{folder}/lake",
                f"CATALOG_URI=jdbc:sqlite:{folder}/catalog.db", "java", "-Xmx512m",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", ":".join(jars),
                "org.apache.iceberg.rest.RESTCatalogServer"]

    with aws.running(words, "the Java reference", log=folder / "java.log") as url:
        yield url


@contextlib.contextmanager
def firn_server(folder, *words):
    """Firn's own catalog server over a warehouse in the folder."""
    with Catalog(folder, *words) as catalog:
        yield catalog
