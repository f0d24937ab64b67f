"""What an exit code of ``syncd`` means; the numbers are those of sysexits.h where it has one."""

OK = 0
FOUND_WRONG = 1
"""The verb worked and found something wrong, where its help says so."""
USAGE = 64
"""The command line is wrong."""
UNAVAILABLE = 69
"""A platform, mail server or database does not answer."""
BUG = 70
"""An error in syncd or a connector; the traceback is for its author."""
IO = 74
"""Reading or writing a file or connection failed."""
PERMISSION = 77
"""The system or a platform does not allow it."""
CONFIG = 78
"""The config or a secret cannot be used; systemd does not restart after it."""
INTERRUPTED = 130
"""Stopped by Ctrl-C."""
