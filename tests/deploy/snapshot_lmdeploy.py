"""The flags of the installed ``lmdeploy serve api_server``, as JSON.

Run with an interpreter that has LMDeploy (no GPU needed); needs neither pytest nor this repository:

    PYTHON tests/deploy/snapshot_lmdeploy.py > tests/deploy/lmdeploy_flags.json
"""

from __future__ import annotations

import json
from importlib.metadata import version


def main() -> None:
    from lmdeploy.cli.serve import SubCliServe

    SubCliServe.add_parsers()
    actions = SubCliServe.subparsers.choices["api_server"]._option_string_actions
    flags = {
        name: {
            "value": action.nargs != 0,
            "type": getattr(action.type, "__name__", None),
            "choices": [str(one) for one in action.choices] if action.choices else None,
        }
        for name, action in sorted(actions.items())
        if name.startswith("--")
    }
    print(json.dumps({"lmdeploy": version("lmdeploy"), "flags": flags}, indent=1))


if __name__ == "__main__":
    main()
