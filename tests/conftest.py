"""Fixtures that the scenario tests share: a sandbox org for the module, a project for the test."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from support.firn import Project, Sandbox  # noqa: E402


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    """A small org: 2,000 accounts and a few contacts."""
    with Sandbox(tmp_path_factory.mktemp("org")) as org:
        org.seed("Account", 2000)
        yield org


@pytest.fixture
def project(tmp_path, sandbox):
    sandbox.clear()
    yield Project(tmp_path / "project", sandbox)
    sandbox.clear()
