"""Long text to questions and answers: chunks, a model's questions, its answers, and a screen.

``python -m data_tools generate --novel FILE --out OUT`` writes ``OUT/generated.jsonl`` (what stood
the screen) and ``OUT/generated-dropped.jsonl`` (what did not, and why); ``build --novel FILE``
takes both in. See docs/generate.md.
"""
