"""`python -m plagewatch` is the command line."""

from plagewatch.cli import main

main()
