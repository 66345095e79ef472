"""`python -m receiver` is `rollback-receiver`."""

from receiver.cli.main import main

main()
