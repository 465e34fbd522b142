"""What the tests of reviewing share."""

from __future__ import annotations

import pytest

from monitoring.clinic import RunningClinic
from tests.review.past import Past
from tests.small_clinic import SetClock


@pytest.fixture
def past(clinic: RunningClinic, clock: SetClock) -> Past:
    """The small clinic, with short ways to write its past."""
    return Past(clinic, clock)
