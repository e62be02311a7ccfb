"""What tests of several files need."""

import pytest

from nanograd import OPERATIONS, operation


@pytest.fixture
def declared():
    """Let a test declare operations of its own, which go when it ends."""
    before = dict(OPERATIONS)
    yield operation
    OPERATIONS.clear()
    OPERATIONS.update(before)


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_tests(tmp_path_factory):
    """Keep what the tests compile out of the folder in which the user's machine code is kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NANOGRAD_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
