from __future__ import annotations

import pytest

from domain import Domain
from tests.domain.verification.texting import Texting
from tests.support.ambient import FakeClock


@pytest.fixture
def texting(domain: Domain, clock: FakeClock) -> Texting:
    return Texting(domain, clock)
