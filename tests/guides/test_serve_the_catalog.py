"""docs/guides/serve-the-catalog.md: the server as the guide starts it, the clients as it tells them."""
import re
import shlex

from guides.blocks import blocks
from support.catalog import Catalog
from support.firn import Project

GUIDE = "serve-the-catalog.md"


def serve_words(kind, warehouse):
    """The options of the guide's command, on a free port and this test's files."""
    line = next(line for block in blocks(GUIDE, kind) for line in block.splitlines()
                if line.startswith("firn lake serve"))
    words = shlex.split(line)[3:]
    for option in ("--port", "--address", "--tls-cert", "--tls-key"):
        if option in words:
            at = words.index(option)
            del words[at:at + 2]
    return [str(warehouse / word) if re.search(r"\.(log|yaml)$", word) else word for word in words]


def test_the_projects_tables_are_served_to_pyiceberg(sandbox, tmp_path):
    project = Project(tmp_path / "project", sandbox)
    assert project.export("Account").code == 0
    with Catalog(tmp_path / "server", *serve_words("sh", tmp_path),
                 warehouse=project.folder / "lake") as catalog:
        from pyiceberg.catalog import load_catalog
        rest = load_catalog("firn", type="rest", uri=catalog.url)
        rows = rest.load_table("salesforce.Account").scan().to_arrow()
    assert rows.num_rows == len(project.rows("salesforce.Account"))
    assert (tmp_path / "access.log").read_text().count("\n") >= 2


def test_the_principals_of_the_guide_may_what_it_says(tmp_path):
    (tmp_path / "principals.yaml").write_text(blocks(GUIDE, "yaml")[0])
    (tmp_path / "data_cloud.secret").write_text("frost\n")
    with Catalog(tmp_path / "server", *serve_words("text", tmp_path),
                 environment={"SPARK_SECRET": "snow"}) as catalog:
        catalog.sign_in("spark", "snow")
        catalog.make_namespace("salesforce")
        catalog.make_table("salesforce", "Account")
        catalog.make_table("salesforce", "Contact")
        catalog.sign_in("data_cloud", "frost")
        assert catalog.table("salesforce", "Contact")
        assert catalog.set_property("salesforce", "Account", "a", "1").status == 200
        assert catalog.set_property("salesforce", "Contact", "a", "1").status == 403
