"""docs/policy.md shows what the sandbox's policy lets through today."""

import runpy
from pathlib import Path

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "policy_doc.py"))


def test_the_table_of_the_sandboxs_policy_is_what_policy_check_prints() -> None:
    written = SCRIPT["DOC"].read_text(encoding="utf-8")
    assert SCRIPT["renewed"](written) == written, "write it anew: make policy"
