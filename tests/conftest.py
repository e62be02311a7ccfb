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
