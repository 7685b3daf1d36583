"""The deployment room: a model folder becomes an OpenAI-compatible server on this machine.

Its neighbours are the run folder that training left (``RUN/merged``, ``RUN/run.json``) and HTTP:
the page, retrieval and evaluation see only the endpoint that ``core.chat`` notes.
"""
