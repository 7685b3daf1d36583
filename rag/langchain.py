"""The index as a LangChain retriever, for those who build on LangChain (requirements/embed.txt)."""

from __future__ import annotations

from typing import Any

from core.errors import UserError
from core.language import words
from rag.index import Index


def retriever(index: Index, k: int = 5, where: dict[str, Any] | None = None) -> Any:
    """A ``BaseRetriever`` whose documents carry id, score, kind and source as metadata."""
    try:
        from langchain_core.documents import Document
        from langchain_core.retrievers import BaseRetriever
    except ImportError:
        said = words("需要 langchain-core", "langchain-core is needed")
        raise UserError(f"{said} (requirements/embed.txt)") from None

    class Retriever(BaseRetriever):
        """Searches the index."""

        def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
            return [
                Document(
                    page_content=one.text,
                    id=one.id,
                    metadata={"kind": one.kind, "score": one.score, "source": one.source},
                )
                for one in index.search(query, k, where)
            ]

    return Retriever()
