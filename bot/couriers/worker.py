"""Takes SMS from the outbox to the providers: each at most once knowingly, none older than its code."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog
from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError

from bot.couriers.port import (
    Accepted,
    CannotAsk,
    Courier,
    Limited,
    Outcome,
    Refused,
    Rejected,
    Unknown,
    Unreachable,
    plain_code,
)
from bot.couriers.queue import Call, Claimed, Lost, Queue, State
from bot.turns.hub import Hub, news
from bot.turns.worker import INBOX, OUTBOX
from domain import Domain

log = structlog.get_logger()

REJECTIONS = Counter(
    "mingshi_short_message_rejections_total",
    "SMS a provider refuses to send until somebody mends it (money, contract, address, signature, template)",
    ["provider"],
)

_IDLE_SECONDS = 1.0
_FIRST_WAIT = timedelta(seconds=2)
_LONGEST_WAIT = timedelta(hours=1)
# The last resort behind the SDKs' own limits, which count each step of a call anew.
_PATIENCE = 1.5
_LOOKED_FOR_AT_ONCE = 10
_LOOK_SECONDS = 5.0
# A database that is away for a moment must not make an SMS that went out look as if it had not. Within the lease.
_SETTLE_AGAIN_SECONDS = (1.0, 5.0, 15.0)


class CourierWorker:
    """Args:
    couriers: in the order they are asked.
    at_once: how many messages are in hand at a time.
    a_second: how many messages all workers of the database may begin in a second.
    timeout: seconds a provider may take.
    crash: called at named places; tests stop the worker there.
    """

    def __init__(
        self,
        domain: Domain,
        couriers: Sequence[Courier],
        hub: Hub,
        *,
        at_once: int = 8,
        a_second: int = 20,
        timeout: float = 10.0,
        crash: Callable[[str], None] = lambda _place: None,
    ) -> None:
        self._domain = domain
        self._couriers = couriers
        self._hub = hub
        self._queue = Queue(domain, a_second)
        self._at_once = at_once
        self._timeout = timeout * _PATIENCE
        self._crash = crash
        self._busy: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Work until cancelled; what is in hand then is finished first."""
        async with self._hub.listening(OUTBOX) as event:
            # Beside the sending: a provider that does not answer questions must not hold up new codes.
            looking = asyncio.create_task(self._keep_looking(), name="lost sms")
            try:
                while True:
                    try:
                        begun = await self._begin(lambda _task: event.set())
                    except Exception as error:
                        log.error("sms queue not served", exc=error)
                        begun = 0
                    if begun == 0 or len(self._busy) >= self._at_once:
                        await news(event, _IDLE_SECONDS)
            finally:
                looking.cancel()
                if self._busy:
                    await asyncio.wait(self._busy)

    async def once(self) -> int:
        """One round: what is too old ends, what may begin is sent, what got lost is looked for. How many were begun."""
        begun = await self._begin(lambda _task: None)
        if self._busy:
            await asyncio.wait(self._busy)
        await self._look_for_lost()
        return begun

    async def close(self) -> None:
        for courier in self._couriers:
            await courier.close()

    async def _begin(self, done: Callable[[asyncio.Task[None]], None]) -> int:
        if await self._queue.is_empty():
            return 0
        await self._queue.expire()
        free = self._at_once - len(self._busy)
        claimed = await self._queue.claim(free) if free > 0 else []
        for each in claimed:
            task = asyncio.create_task(self._deliver(each), name=f"sms {each.id}")
            self._busy.add(task)
            task.add_done_callback(self._busy.discard)
            task.add_done_callback(done)
        return len(claimed)

    async def _deliver(self, claimed: Claimed) -> None:
        try:
            self._crash("sms claimed")
            state, calls, reference = await self._ask(claimed)
            self._crash("sms sent")
            wait = min(_FIRST_WAIT * 2 ** min(claimed.attempt - 1, 16), _LONGEST_WAIT) if state == "new" else None
            told = await self._settle(claimed, state, calls, reference=reference, again_in=wait)
        except Exception as error:
            # The lease runs out and the message is taken again.
            log.error("sms not settled", message=claimed.id, exc=error)
            return
        if told:
            self._hub.signal(INBOX)

    async def _settle(
        self, claimed: Claimed, state: State, calls: list[Call], *, reference: str | None, again_in: timedelta | None
    ) -> bool:
        for pause in _SETTLE_AGAIN_SECONDS:
            try:
                return await self._queue.settle(claimed, state, calls, reference=reference, again_in=again_in)
            except (SQLAlchemyError, OSError) as error:
                log.error("sms not settled yet", message=claimed.id, exc=error)
                await asyncio.sleep(pause)
        return await self._queue.settle(claimed, state, calls, reference=reference, again_in=again_in)

    async def _ask(self, claimed: Claimed) -> tuple[State, list[Call], str | None]:
        """Go from provider to provider until one took it, or nobody may be asked any more."""
        calls: list[Call] = []
        unreachable = False
        for courier in self._couriers:
            if courier.name in claimed.rejected_by:
                continue
            if self._domain.parts.clock.now() >= claimed.not_after:
                return "expired", calls, None
            outcome = await self._send(courier, claimed)
            code = "" if isinstance(outcome, Accepted) else outcome.code
            calls.append(Call(courier.name, type(outcome).__name__.lower(), code))
            match outcome:
                case Accepted(reference):
                    return "sent", calls, reference or None
                case Limited():
                    wait = int(outcome.wait.total_seconds()) if outcome.wait else None
                    log.warning("sms limited", message=claimed.id, provider=courier.name, code=code, wait=wait)
                    if outcome.wait is not None:
                        async with self._domain.transaction() as session:
                            await self._domain.parts.verification.bar(session, claimed.text.phone, outcome.wait)
                    return "limited", calls, None
                case Refused():
                    log.warning("sms refused", message=claimed.id, provider=courier.name, code=code)
                    return "failed", calls, None
                case Unknown():
                    log.warning("sms unknown", message=claimed.id, provider=courier.name, code=code)
                    return "unknown", calls, None
                case Rejected():
                    REJECTIONS.labels(courier.name).inc()
                    log.error("sms provider refuses to work", message=claimed.id, provider=courier.name, code=code)
                case Unreachable():
                    log.warning("sms provider not reached", message=claimed.id, provider=courier.name, code=code)
                    unreachable = True
        return ("new" if unreachable else "failed"), calls, None

    async def _send(self, courier: Courier, claimed: Claimed) -> Outcome:
        try:
            async with asyncio.timeout(self._timeout):
                return await courier.send(claimed.text)
        except TimeoutError:
            return Unknown("timeout")
        except Exception as error:
            # A defect in the middle of a call: whether it was sent is open.
            log.error("sms courier failed", message=claimed.id, provider=courier.name, exc=error)
            return Unknown(plain_code(type(error).__name__))

    async def _keep_looking(self) -> None:
        while True:
            try:
                await self._look_for_lost()
            except Exception as error:
                log.error("lost sms not looked for", exc=error)
            await asyncio.sleep(_LOOK_SECONDS)

    async def _look_for_lost(self) -> None:
        if not await self._queue.has_lost():
            return
        for lost in await self._queue.lost(_LOOKED_FOR_AT_ONCE):
            for courier in self._couriers:
                if await self._found(courier, lost):
                    break

    async def _found(self, courier: Courier, lost: Lost) -> bool:
        try:
            async with asyncio.timeout(self._timeout):
                reports = await courier.find(lost.phone, lost.since)
        except (CannotAsk, TimeoutError) as error:
            log.warning("sms not looked for", message=lost.id, provider=courier.name, reason=str(error))
            return False
        except Exception as error:
            log.error("sms not looked for", message=lost.id, provider=courier.name, exc=error)
            return False
        return await self._queue.resolve(lost, courier.name, reports)
