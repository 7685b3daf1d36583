"""What a request to an engine may hold: every route and field by name, each within bounds.

The engines behind take far more (grammars, patterns, addresses of pictures, slots; LMDeploy weights
as a pickle), and some of it blocks llama.cpp's main loop for minutes or ends it (nested repetitions
and parentheses in ``grammar`` and ``pattern``, deep schemas). What is not listed here is refused
with its name, before the engine sees it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

Check = Callable[[Any, str], None]
# A schema is a grammar to the engine, whose size grows with these; ours and pydantic's are smaller.
DEPTH, NODES, REPEATS = 16, 300, 256
MESSAGES, TEXTS = 1000, 16  # of a conversation; of `stop`
KEY = re.compile(r"[\w .-]{1,64}")
SMALLEST, PER_TOKEN = 256 * 1024, 128  # bytes of a body: at least, and for each token of a session
KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


class Refused(Exception):
    """A request that is not passed on: the HTTP ``status``, the reason, and the seconds to ``wait``
    where it came too soon."""

    def __init__(self, reason: str, status: int = 400, wait: int = 0) -> None:
        super().__init__(reason)
        self.status, self.wait = status, wait

    def told(self) -> tuple[dict[str, Any], dict[str, str]]:
        """The body, as OpenAI's clients read it, and the headers of the answer."""
        kind = KINDS.get(self.status, "server_error" if self.status >= 500 else KINDS[400])
        error = {"code": self.status, "message": str(self), "type": kind}
        return {"error": error}, {"Retry-After": str(self.wait)} if self.wait else {}


def longest(session_len: int) -> int:
    """Bytes that a request of a session of so many tokens may have."""
    return max(SMALLEST, PER_TOKEN * session_len)


def number(low: float, high: float, whole: bool = False) -> Check:
    """A number from ``low`` to ``high``."""

    def check(value: Any, name: str) -> None:
        kinds = (int,) if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
            kind = "an integer" if whole else "a number"
            raise Refused(f"{name} must be {kind} from {low:g} to {high:g}")

    return check


def text(longest: int) -> Check:
    """A string of at most ``longest`` characters."""

    def check(value: Any, name: str) -> None:
        if not isinstance(value, str) or len(value) > longest:
            raise Refused(f"{name} must be a string of at most {longest} characters")

    return check


def yes(value: Any, name: str) -> None:
    """true or false."""
    if not isinstance(value, bool):
        raise Refused(f"{name} must be true or false")


def several(check: Check, most: int, least: int = 0) -> Check:
    """A list of at most ``most``."""

    def all_of(value: Any, name: str) -> None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise Refused(f"{name} must be a list of {least} to {most}")
        for place, one in enumerate(value):
            check(one, f"{name}[{place}]")

    return all_of


def either(one: Check, other: Check) -> Check:
    """What passes one of two checks; the second says what is wrong."""

    def check(value: Any, name: str) -> None:
        try:
            one(value, name)
        except Refused:
            other(value, name)

    return check


def shape(fields: dict[str, Check], needed: tuple[str, ...] = ()) -> Check:
    """An object with these fields and no other; null counts as left out."""

    def check(value: Any, name: str) -> None:
        if not isinstance(value, dict):
            raise Refused(f"{name or 'the request'} must be an object")
        for key, inner in value.items():
            place = f"{name}.{key[:40]}" if name else key[:40]
            if inner is None and key not in needed:
                continue
            if key not in fields:
                raise Refused(f"{place}: this server does not take it")
            fields[key](inner, place)
        for key in needed:
            if key not in value:
                raise Refused(f"{name}.{key} is missing" if name else f"{key} is missing")

    return check


def part(value: Any, name: str) -> None:
    """A part of a message: text, never an address of a picture, a sound or a file."""
    if isinstance(value, dict) and value.get("type") != "text":
        raise Refused(f"{name}: text only: this server takes no images, sound or files")
    shape({"type": text(10), "text": text(10**7)}, ("type", "text"))(value, name)


def kwargs(value: Any, name: str) -> None:
    """What a chat template is told: a few switches."""
    if not isinstance(value, dict) or len(value) > 8:
        raise Refused(f"{name} must be an object of at most 8 switches")
    for key, inner in value.items():
        if not KEY.fullmatch(key) or not isinstance(inner, bool | int | float | str):
            raise Refused(f"{name}.{key[:40]} must be true, false, a number or a text")
        text(100)(str(inner) if isinstance(inner, str) else "", f"{name}.{key}")


def pair(value: Any, name: str) -> None:
    """A token id and what is added to its logit."""
    fits = isinstance(value, list) and len(value) == 2
    if not fits:
        raise Refused(f"{name} must be [token, number]")
    number(0, 2**31 - 1, whole=True)(value[0], f"{name}[0]")
    number(-1e4, 1e4)(value[1], f"{name}[1]")


REPEATED = ("minItems", "maxItems", "minLength", "maxLength")
BETWEEN = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
ORDERED = (
    *(("minItems", "maxItems"), ("minLength", "maxLength")),
    *((least, most) for least in BETWEEN[::2] for most in BETWEEN[1::2]),
)
NAMED = ("properties", "$defs", "definitions")  # name -> form
INNER = ("items", "additionalProperties")
LISTED = ("anyOf", "oneOf", "allOf", "prefixItems")
SAID = ("title", "description", "default", "examples", "$schema", "nullable", "strict")
FORMS = ("date", "time", "date-time", "uuid")
TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")


def schema(value: Any, name: str) -> None:
    """A JSON schema whose grammar stays small: no ``pattern``, no address, few and shallow. Each
    use of a definition counts as if it stood there: alternatives of definitions of alternatives
    are as many as their product, and the engine follows them all at once."""
    left = [NODES]
    defined = {
        f"#/{group}/{key}": form
        for group in ("$defs", "definitions")
        if isinstance(value, dict) and isinstance(value.get(group), dict)
        for key, form in value[group].items()
    }

    def walk(form: Any, place: str, depth: int) -> None:
        left[0] -= 1
        if depth > DEPTH or left[0] < 0:
            raise Refused(f"{name}: more than {DEPTH} levels or {NODES} parts")
        if isinstance(form, bool):
            return
        if not isinstance(form, dict):
            raise Refused(f"{place} must be an object")
        _in_order(form, place)
        for key, inner in form.items():
            _keyword(key, inner, f"{place}.{key[:40]}", lambda f, p: walk(f, p, depth + 1))
        if (target := form.get("$ref")) is not None:  # one that comes back to itself ends here, too
            if target not in defined:
                raise Refused(f"{name}: {target[:60]} is nowhere")
            walk(defined[target], target[:100], depth + 1)

    walk(value, name, 1)


def _in_order(form: dict[str, Any], place: str) -> None:
    """Refuse a least above the most: the engine counts from one to the other, without end."""
    for least, most in ORDERED:
        low, high = form.get(least), form.get(most)
        if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            raise Refused(f"{place}: {least} is more than {most}")


def _keyword(key: str, inner: Any, place: str, walk: Callable[[Any, str], None]) -> None:
    """One keyword of a schema."""
    if key in NAMED and isinstance(inner, dict):
        for one, form in inner.items():
            text(100)(one, place)
            walk(form, f"{place}.{one}")
    elif isinstance(inner, list) and key in (*LISTED, "items"):
        for form in inner:
            walk(form, place)
    elif key in INNER:
        walk(inner, place)
    elif key in PLAIN:
        PLAIN[key](inner, place)
    elif key not in SAID:
        raise Refused(f"{place}: this server does not take it")


def _scalars(value: Any, name: str) -> None:
    scalars = value if isinstance(value, list) else [value]
    if len(scalars) > NODES or any(isinstance(one, dict | list) for one in scalars):
        raise Refused(f"{name} must be at most {NODES} plain values")


def _one_of(known: tuple[str, ...], listed: bool = False) -> Check:
    def check(value: Any, name: str) -> None:
        found = value if listed and isinstance(value, list) else [value]
        if not found or len(found) > len(known) or any(one not in known for one in found):
            raise Refused(f"{name} must be one of {', '.join(known)}")

    return check


def _inside(value: Any, name: str) -> None:
    if not isinstance(value, str) or not re.fullmatch(r"#/(\$defs|definitions)/[^/]+", value):
        raise Refused(f"{name} must be #/$defs/NAME")


PLAIN: dict[str, Check] = {
    **dict.fromkeys(REPEATED, number(0, REPEATS, whole=True)),
    **dict.fromkeys(BETWEEN, number(-(2**53), 2**53)),
    "required": several(text(100), NODES),
    "enum": _scalars,
    "const": _scalars,
    "type": _one_of(TYPES, listed=True),
    "format": _one_of(FORMS),
    "$ref": _inside,
}


def response_format(value: Any, name: str) -> None:
    """Plain text, any JSON, or JSON of a given schema."""
    if not isinstance(value, dict) or value.get("type") not in (
        "text",
        "json_object",
        "json_schema",
    ):
        raise Refused(f"{name}.type must be text, json_object or json_schema")
    named = {"name": text(64), "schema": schema, "strict": yes, "description": text(1000)}
    fields = {"type": text(20), "schema": schema, "json_schema": shape(named, ("schema",))}
    shape(fields)(value, name)


ROLES = ("system", "developer", "user", "assistant")


MESSAGE = shape(
    {
        "role": _one_of(ROLES),
        "content": either(text(10**7), several(part, 100)),
        "name": text(64),
        "reasoning_content": text(10**6),
    },
    ("role", "content"),
)
SAMPLING: dict[str, Check] = {
    "model": text(500),
    "temperature": number(0, 10),
    "top_p": number(0, 1),
    "top_k": number(0, 10**6, whole=True),
    "min_p": number(0, 1),
    "seed": number(-1, 2**32 - 1, whole=True),
    "stop": either(text(200), several(text(200), TEXTS)),
    "stream": yes,
    "stream_options": shape({"include_usage": yes}),
    "max_tokens": number(1, 2**20, whole=True),
    "presence_penalty": number(-2, 2),
    "frequency_penalty": number(-2, 2),
    "repeat_penalty": number(0, 2),
    "repetition_penalty": number(0, 2),
    "n": number(1, 8, whole=True),
    "user": text(200),
    "cache_prompt": yes,
    "ignore_eos": yes,  # benchmarks/serve.py: answers of one length
    "lora": several(
        shape({"id": number(0, 63, whole=True), "scale": number(-10, 10)}, ("id", "scale")), 8
    ),
}
CHAT = {
    **SAMPLING,
    "messages": several(MESSAGE, MESSAGES, least=1),
    "max_completion_tokens": number(1, 2**20, whole=True),
    "logprobs": yes,
    "top_logprobs": number(0, 20, whole=True),
    "response_format": response_format,
    "chat_template_kwargs": kwargs,
}
TOKEN = number(0, 2**31 - 1, whole=True)
RAW = {
    **SAMPLING,
    "prompt": either(text(10**7), several(TOKEN, 10**6)),
    "n_predict": number(0, 2**20, whole=True),
    "n_probs": number(0, 20_000, whole=True),
    "logprobs": number(0, 20, whole=True),
    "logit_bias": several(pair, 300),
    "return_tokens": yes,
}
TEMPLATE = {"messages": CHAT["messages"], "chat_template_kwargs": kwargs, "model": text(500)}
IDS = {**SAMPLING, "input_ids": several(TOKEN, 10**6)}
ENCODED = {"input": text(10**7), "add_bos": yes, "do_preprocess": yes}
WORDS = {"content": text(10**7), "add_special": yes, "parse_special": yes, "with_pieces": yes}
BOTH = {
    "/v1/chat/completions": shape(CHAT, ("messages",)),
    "/v1/completions": shape(RAW, ("prompt",)),
}
# By the engine: llama.cpp's and LMDeploy's.
POST: dict[str, Check] = {
    **BOTH,
    "/chat/completions": BOTH["/v1/chat/completions"],
    "/completion": shape(RAW, ("prompt",)),
    "/apply-template": shape(TEMPLATE, ("messages",)),
    "/tokenize": shape(WORDS, ("content",)),
    "/detokenize": shape({"tokens": several(TOKEN, 10**5)}, ("tokens",)),
}
LMDEPLOY: dict[str, Check] = {
    **BOTH,
    "/v1/encode": shape(ENCODED, ("input",)),
    "/generate": shape(IDS, ("input_ids",)),
}
GET = ("/v1/models", "/models", "/metrics")


def _no_constant(word: str) -> None:
    raise Refused(f"{word} is no JSON")


def route(method: str, path: str, routes: dict[str, Check]) -> bool:
    """Whether a request is one of ``routes``, with a body to be :func:`checked`; False for one that
    only reads. Raises :class:`Refused` for any other."""
    if method == "GET" and path in GET:
        return False
    if path not in routes:
        raise Refused("this server has no such route", 404)
    if method != "POST":
        raise Refused(f"{path} takes POST", 405)
    return True


def checked(body: bytes, check: Check) -> bytes:
    """The body that the engine gets: JSON that passes ``check``, written anew, so that both read
    the same. Raises :class:`Refused` with what is wrong."""
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
        check(value, "")
        kept = {key: inner for key, inner in value.items() if inner is not None}
        return json.dumps(kept, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise Refused("the JSON is nested too deeply") from None
    except UnicodeError:
        raise Refused("the text is not valid UTF-8 (or holds half a surrogate pair)") from None
    except ValueError as error:
        raise Refused(f"this is no JSON: {str(error)[:100]}") from None
