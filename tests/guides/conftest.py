"""The engines that a guide points at."""
import pytest

from support.engines import duck, spark_for  # noqa: F401
from support.firn import Project


@pytest.fixture(scope="module")
def exported(sandbox, tmp_path_factory):
    """A project whose accounts are in the lake."""
    project = Project(tmp_path_factory.mktemp("guide") / "project", sandbox)
    done = project.export("Account")
    assert done.code == 0, done
    return project
