"""What an operator watches, at /metrics: counts and times, no ids and no words."""

from prometheus_client import Counter, Gauge, Histogram

TURNS = Counter("mingshi_turns_total", "Updates handled", ["kind", "outcome"])
TURN_SECONDS = Histogram("mingshi_turn_seconds", "Time to handle an update", ["kind"])
ENGINE_FAILURES = Counter("mingshi_engine_failures_total", "Sentences the engine could not be asked about")
SHORT_MESSAGES = Counter("mingshi_short_messages_total", "SMS by what became of them", ["state"])
VERIFICATION_ALARMS = Gauge("mingshi_verification_alarms", "Brakes on SMS codes that are open, and wrong clocks")
TIME_STAMPS = Counter("mingshi_time_stamps_total", "Time stamps by what became of them", ["authority", "state"])
TIME_STAMPS_WAITING = Gauge("mingshi_time_stamps_waiting", "Time stamps an authority was asked for and did not give")
