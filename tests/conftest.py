"""That a run tries what the last one tried."""

import os

from hypothesis import settings

# The same examples every time, so that a change is to blame for a failure; to look for new ones:
# HYPOTHESIS_PROFILE=default make test
settings.register_profile("same", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# The tests type commands as a person does at a terminal. Under `make test` they would inherit the
# outer make's level and options, and each make of theirs would print "Entering directory".
for inherited in ("MAKELEVEL", "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "TIKU_GOAL", "TIKU_GOALS"):
    os.environ.pop(inherited, None)
os.environ["TIKU_LANG"] = "both"  # unless a test chooses
