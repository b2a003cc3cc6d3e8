"""Start the engine: ``python -m nlu.inside_rasa.engine run --model PATH --port N``.

It listens on loopback only, has no HTTP API but the door, and takes from the environment the token of the door
(MINGSHI_ENGINE_TOKEN) and the address of the actions (MINGSHI_ACTIONS_URL).
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import List, Optional

from nlu.inside_rasa.quiet import configure_logging, hush

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"

logger = logging.getLogger("nlu.inside_rasa.engine")


def serve(model: Path, port: int) -> int:
    """Load a model and serve the door until the process is told to stop.

    Args:
        model: the archive that `build` printed.
        port: a TCP port on 127.0.0.1.

    Returns:
        the exit status: 0 after a normal end, 1 if the model could not be loaded.
    """
    hush()
    from rasa.core.run import serve_application
    from rasa.core.utils import AvailableEndpoints
    from sanic import Sanic

    configure_logging()
    loaded = False

    async def check(app: Sanic, _: asyncio.AbstractEventLoop) -> None:
        # Rasa logs a model that it cannot load and then serves without one.
        nonlocal loaded
        loaded = app.ctx.agent.is_ready()
        if not loaded:
            logger.error("the model could not be loaded: %s", model)
            app.stop()
            return
        await app.ctx.agent.parse_message("你好")  # the first parse of a process is slow
        logger.info("ready on %s:%d", HOST, port)

    serve_application(
        model_path=str(model),
        interface=HOST,
        port=port,
        credentials=str(ROOT / "credentials.yml"),
        enable_api=False,
        endpoints=AvailableEndpoints.read_endpoints(str(ROOT / "endpoints.yml")),
        server_listeners=[(check, "after_server_start")],
    )
    return 0 if loaded else 1


def main(arguments: Optional[List[str]] = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m nlu.inside_rasa.engine", description="Run the dialogue engine.")
    run = parser.add_subparsers(dest="command", required=True).add_parser("run", help="serve the door on loopback")
    run.add_argument("--model", type=Path, required=True, help="a model archive, as printed by nlu.inside_rasa.build")
    run.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    options = parser.parse_args(arguments)
    missing = [name for name in ("MINGSHI_ENGINE_TOKEN", "MINGSHI_ACTIONS_URL") if not os.environ.get(name)]
    if missing:
        parser.error(f"not set: {', '.join(missing)}")
    if not options.model.is_file():
        parser.error(f"no model at {options.model}; build one with: python -m nlu.inside_rasa.build --models DIR")
    if not 0 < options.port < 65536:
        parser.error("the port has to be between 1 and 65535")
    return serve(options.model, options.port)


if __name__ == "__main__":
    sys.exit(main())
