"""The one command line: ``./tiku VERB …`` and ``make VERB NAME=…``.

``verbs`` is the only place where a verb is described; help, README and the Makefile agree with it
by a test. ``options`` reads what the user typed, ``run`` makes environments and starts the rooms'
commands (``python -m ROOM …``) in them, ``flows`` says what each verb starts in which order,
``evaluate`` serves, asks and stops for ``make eval``. It imports core alone; nothing imports it.
The standard library is all it needs: it runs before any environment is made.
"""
