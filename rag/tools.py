"""The bank as tools of the Model Context Protocol: ``search``, ``ask``, ``source``, ``quiz``.

Over HTTP at ``/mcp`` of ``make answers``, or ``python -m rag mcp`` over standard input and output
for programs that start their servers themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Literal, ParamSpec

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from core.errors import UserError
from rag import desk
from rag.desk import Desk

TELLS = (
    "A question bank with its sources. Answers rest on passages that are returned with their file "
    "and locator; cite them. Where refused or enough is false the bank holds no answer: say so."
)
P = ParamSpec("P")
Asked = Annotated[str, Field(max_length=desk.WORDS)]
Json = dict[str, Any]


def said(call: Callable[P, Json]) -> Callable[P, Json]:
    """``call`` with our own errors as the tool's: one line, no traceback."""

    @wraps(call)
    def wrapped(*args: P.args, **named: P.kwargs) -> Json:
        try:
            return call(*args, **named)
        except UserError as error:
            raise ToolError(str(error)) from None

    return wrapped


def server(at: Desk) -> MCPServer[Any]:
    """The tools over ``at``."""
    made: MCPServer[Any] = MCPServer("tikuforge", instructions=TELLS, log_level="WARNING")

    @made.tool()
    @said
    def search(query: Asked, k: Annotated[int, Field(ge=1, le=desk.MOST)] = 5) -> Json:
        """Passages of the bank for a query, best first, with file and locator; `enough` is false
        where they are too weak to answer from."""
        return at.search(query, k)

    @made.tool()
    @said
    def ask(question: Asked) -> Json:
        """The served model's answer to one question from the bank's evidence, with each sentence
        checked against it; `refused` where the bank holds no evidence."""
        return at.ask(question)

    @made.tool()
    @said
    def source(id: str, around: Annotated[int, Field(ge=0, le=10)] = 2) -> Json:
        """A passage by its id between its neighbours in the document."""
        found = at.source(id, around)
        if found is None:
            raise ToolError(f"no passage {id}")
        return found

    @made.tool()
    @said
    def quiz(
        kind: Literal["", "single", "multiple", "judge", "qa"] = "",
        count: Annotated[int, Field(ge=1, le=desk.MOST)] = 1,
        id: str = "",
        answer: Asked = "",
    ) -> Json:
        """Questions to practise, without their answers; with `id` and `answer` (letters, true or
        false, or words) a question marked: `right` is null where a person has to judge."""
        if not id:
            return {"questions": [desk.asked(row) for row in at.questions(kind, count)]}
        row = at.question(id)
        if row is None:
            raise ToolError(f"no question {id}")
        return desk.marked(row, answer)

    return made


def address(made: MCPServer[Any]) -> Any:
    """The tools as an ASGI application with the one route ``/mcp``."""
    return made.streamable_http_app(stateless_http=True)
