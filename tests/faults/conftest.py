"""What most tests of faults begin with: an org of the module's own, and an outside client of its events."""
import pytest

from support.firn import Sandbox
from support.pubsub import PubSub


@pytest.fixture(scope="module")
def org(request, tmp_path_factory):
    """A sandbox org with the records that the module's RECORDS counts by object."""
    with Sandbox(tmp_path_factory.mktemp("org")) as sandbox:
        for name, rows in request.module.RECORDS.items():
            sandbox.seed(name, rows)
        yield sandbox


@pytest.fixture
def client(org):
    org.clear()
    with PubSub(org) as signed_in:
        yield signed_in
    org.clear()
