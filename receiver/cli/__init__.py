"""The command line. Commands are thin: they read options, call the rooms below, and print."""
