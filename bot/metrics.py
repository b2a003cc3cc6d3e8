"""What an operator watches, at /metrics: counts and times, no ids and no words."""

from prometheus_client import Counter, Histogram

TURNS = Counter("mingshi_turns_total", "Updates handled", ["kind", "outcome"])
TURN_SECONDS = Histogram("mingshi_turn_seconds", "Time to handle an update", ["kind"])
ENGINE_FAILURES = Counter("mingshi_engine_failures_total", "Sentences the engine could not be asked about")
SHORT_MESSAGES = Counter("mingshi_short_messages_total", "SMS by what became of them", ["state"])
