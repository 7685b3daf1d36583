"""Words and signs that say true or false, the same for every room."""

SAYS_RIGHT = frozenset("正确 对 √ ✓ 是 true t yes y right correct".split())  # noqa: SIM905
SAYS_WRONG = frozenset("错误 错 × ✗ ✕ 否 false f no n wrong incorrect".split())  # noqa: SIM905
