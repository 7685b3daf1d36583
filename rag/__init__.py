"""Retrieval: an index over ``kb.jsonl``, and answers that show what they rest on."""
