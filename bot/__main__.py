"""`python -m bot` is the `mingshi` command."""

from bot.cli import main

main()
