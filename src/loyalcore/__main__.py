"""`python -m loyalcore`: the command line, where the script is not on the path."""

from loyalcore.cli import main

main(prog_name="loyalcore")
