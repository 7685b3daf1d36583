"""The flags of the installed ``lmdeploy serve api_server``, as JSON, and a check of a command line.

Run with an interpreter that has LMDeploy (no GPU needed); needs neither pytest nor this repository:

    PYTHON tests/deploy/snapshot_lmdeploy.py > tests/deploy/lmdeploy_flags.json
    PYTHON tests/deploy/snapshot_lmdeploy.py serve api_server …   (exits 2 where it does not parse)
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version


def main() -> None:
    from lmdeploy.cli.cli import CLI
    from lmdeploy.cli.serve import SubCliServe

    SubCliServe.add_parsers()
    if len(sys.argv) > 1:
        CLI.parser.parse_args(sys.argv[1:])
        return
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
