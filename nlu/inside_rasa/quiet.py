"""A process that says little, and never what a person wrote."""

from __future__ import annotations

import logging
import os
import sys
import traceback
import warnings
from types import TracebackType
from typing import Any, Dict, Optional, TextIO, Tuple, Type, Union

# Read by Rasa, TensorFlow and SQLAlchemy while they are imported.
_ENVIRONMENT = {
    "RASA_TELEMETRY_ENABLED": "false",
    "RASA_MAX_CACHE_SIZE": "0",  # models are kept by content; a second cache would only grow
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "CUDA_VISIBLE_DEVICES": "-1",
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "LOG_LEVEL": "WARNING",
    "LOG_LEVEL_LIBRARIES": "ERROR",
    "SANIC_WORKERS": "1",
    "GIT_PYTHON_REFRESH": "quiet",
}
_SAFE = ("event", "level", "action_name")

ExcInfo = Tuple[Optional[Type[BaseException]], Optional[BaseException], Optional[TracebackType]]


def hush(show_warnings: bool = False) -> None:
    """Set the environment and route warnings; call before Rasa is imported.

    Args:
        show_warnings: print the warnings about data that Rasa raises; the libraries' deprecations are dropped anyway.
    """
    os.environ.update(_ENVIRONMENT)

    def show(
        message: Union[Warning, str],
        category: Type[Warning],
        filename: str,
        lineno: int,
        file: Optional[TextIO] = None,
        line: Optional[str] = None,
    ) -> None:
        if show_warnings and issubclass(category, UserWarning):
            print(f"warning: {message}", file=sys.stderr)

    # Filters do not do: sanic and matplotlib set their own while they are imported.
    warnings.showwarning = show


class _FramesOnly(logging.Formatter):
    """Prints where an exception came from and its type, not its message, which may quote a text."""

    def formatException(self, ei: Any) -> str:
        kind, _, trace = ei
        return "".join(traceback.format_tb(trace)) + (kind.__name__ if kind else "")


def _names_only(_: Any, level: str, event: Dict[str, Any]) -> Dict[str, Any]:
    kept = {key: event[key] for key in _SAFE if key in event}
    return {**kept, "level": level}


def configure_logging() -> None:
    """Send logs to stderr; structured ones keep their name and nothing of their content."""
    import structlog

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_FramesOnly("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("nlu.inside_rasa").setLevel(logging.INFO)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            _names_only,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        cache_logger_on_first_use=True,
    )
