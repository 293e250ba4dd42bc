"""Fixtures of the lake's interop tests: warehouses, and the other engines."""
import pytest

from support.engines import duck, spark_for  # noqa: F401
from support.lake_desk import Desk


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


@pytest.fixture(scope="session")
def loaded(tmp_path_factory):
    """Rows 0..999 in two files and snapshots, then replaced by 0..699 in a third."""
    desk = Desk(tmp_path_factory.mktemp("loaded"))
    desk.load(range(0, 600))
    desk.load(range(600, 1000))
    desk.load(range(0, 700), mode="replace")
    return desk
