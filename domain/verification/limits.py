"""The settings of the verification service, each with the source of its default."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

_Count = Annotated[int, Field(ge=1)]


class Limits(BaseModel):
    """Seconds unless a name says otherwise; a day is a rolling 24 hours, an hour a rolling one.

    Args:
        code_lifetime: how long a code works. NIST SP 800-63B-4 3.1.3.2 and OWASP ASVS 5.0 6.5.5 allow at most ten
            minutes, so 600 is the hard maximum; five leave a slow message time to arrive.
        tries: wrong codes a challenge bears. ASVS 5.0 6.6.3 asks for a limit; five leave a guesser 5 in a million.
        failures_a_day: wrong codes for one phone and purpose. NIST SP 800-63B-4 3.2.2 wants failures limited, at most
            100 in a row, and a new code must not reset the count; 15 leave 15 in a million a day.
        resend_after: the wait after the first, second … code in a day, the last one for all that follow. The mainland
            SMS providers let one a minute through to a number, so no step is shorter; the growth is our own choice.
        a_hour: codes to one phone in an hour, all purposes together: the mainland SMS providers' own ceiling.
        a_day: the same in a day: the mainland SMS providers' own ceiling.
        phones_a_day: different phones (or accounts named) one conversation may ask for. Our own choice.
        sends_a_day: codes one conversation may ask for. Our own choice.
        all_an_hour: the brake for the whole service: somebody who makes it send codes to strangers pays nothing.
            Our own choice, to be set to what the operator is ready to pay for.
        prefix_sends: codes to one prefix of seven digits within `prefix_window` that open its breaker: numbers
            that are counted through in order share it. Our own choice.
        prefix_window: seconds.
        conversion_sends: how many of the latest codes the conversion is taken from; fewer say nothing.
        conversion_percent: below this share of codes that were typed in, nobody seems to read them (SMS pumping), and
            the service pauses. SMS providers name 60 to 80 as healthy.
        half_open_every: how often a code is let through all the same while it pauses, so that it can see recovery.
    """

    model_config = ConfigDict(frozen=True)

    code_lifetime: int = Field(default=300, ge=30, le=600)
    tries: int = Field(default=5, ge=1, le=10)
    failures_a_day: int = Field(default=15, ge=1, le=100)
    resend_after: tuple[Annotated[int, Field(ge=60)], ...] = Field(default=(60, 120, 300, 600, 1800), min_length=1)
    a_hour: _Count = 5
    a_day: _Count = 10
    phones_a_day: _Count = 3
    sends_a_day: _Count = 10
    all_an_hour: _Count = 1000
    prefix_sends: _Count = 30
    prefix_window: _Count = 600
    conversion_sends: _Count = 50
    conversion_percent: int = Field(default=20, ge=0, le=100)
    half_open_every: _Count = 60

    @model_validator(mode="after")
    def _climbs(self) -> Limits:
        if list(self.resend_after) != sorted(self.resend_after):
            raise ValueError("resend_after must not become shorter from one step to the next")
        return self
