"""Retrieval's public face: open an index, prepare a question, check an answer.

index = Index.open(folder)
prepared = prepare(index, domain, question, history)
answer = … if prepared.enough else refusal(domain, prepared.missing)
sentences = check(answer, prepared.passages, question)
"""

from rag.answer import Prepared, prepare, refusal, rewriter
from rag.grounding import Cited, check
from rag.index import Index
from rag.passages import Passage

__all__ = ["Cited", "Index", "Passage", "Prepared", "check", "prepare", "refusal", "rewriter"]
