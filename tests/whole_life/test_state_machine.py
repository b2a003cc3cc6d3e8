"""Owners, strangers, the clock and crashes in any order: the promises of a whole life of accounts hold all the time."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.whole_life.machine import WholeLife
from tests.whole_life.world import Template


@pytest.mark.timeout(0)
def test_whatever_people_strangers_time_and_crashes_do_the_promises_hold(templates: dict[str, Template]) -> None:
    """Repeatable in the suite; MINGSHI_CHAOS=<examples> looks for new ways, as `make chaos` does."""
    examples = int(os.environ.get("MINGSHI_CHAOS", "0"))
    run_state_machine_as_test(
        type("WholeLifeOfAccounts", (WholeLife,), {"templates": templates}),
        settings=settings(
            max_examples=examples or 16,
            stateful_step_count=40 if examples else 25,
            deadline=None,
            derandomize=not examples,
            database=None,
            # A failing example of the suite is told as it was found; the long run takes the time to shorten it.
            phases=(Phase.generate, Phase.shrink) if examples else (Phase.generate,),
            print_blob=bool(examples),
            suppress_health_check=list(HealthCheck),
        ),
    )
