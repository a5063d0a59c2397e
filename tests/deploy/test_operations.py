"""Whoever is woken by an alert finds what to do."""

import re
from typing import Any

import yaml

from local.home import ROOT

RULES: dict[str, Any] = yaml.safe_load((ROOT / "observability" / "rules.yml").read_text())


def test_operations_say_of_each_alert_what_to_do_and_of_nothing_else() -> None:
    alerts = {rule["alert"] for group in RULES["groups"] for rule in group["rules"] if "alert" in rule}
    text = (ROOT / "docs" / "operations.md").read_text()
    parts = dict(re.findall(r"^### (\w+)\n\n(\S.*)", text, re.MULTILINE))
    assert set(parts) == alerts
