"""What two rooms or more need, and nothing else: rows, files, text, domains, the chat client.

``core`` imports no room (tests/test_architecture.py holds every room to DESIGN.md section 1).
"""

import core.errors  # noqa: F401  (first: from here on Ctrl-C is one line)
