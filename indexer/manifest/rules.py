"""The rule that a manifest breaks, in the words of its author, not of the library that reads it."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_TABLE, _WHOLE_NUMBER = "must be a table: {{ ... }}", "must be a whole number"
# By the library's type of error; {name} is filled from its context.
_RULES = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "dict_type": _TABLE,
    "extra_forbidden": "no such key here",
    "greater_than_equal": "must be {ge} or more",
    "int_from_float": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_type": _WHOLE_NUMBER,
    "less_than_equal": "must be {le} at most",
    "literal_error": "must be {expected}",
    "missing": "is missing",
    "model_attributes_type": _TABLE,
    "model_type": _TABLE,
    "string_too_long": "must be {max_length} character(s) at most",
    "string_too_short": "must not be empty",
    "string_type": 'must be a text: "..."',
    "tuple_type": "must be a list: [...]",
    "too_short": "must not be empty",
    "union_tag_invalid": "format is not {tag!r} but one of {expected_tags}",
    "union_tag_not_found": "format is missing",
}
_PATTERNS = {  # by key, where the pattern itself tells nobody anything
    "register.id": "must be 2 to 20 of a-z, 0-9 and -",
    "register.stale_after": "must be a number and m, h or d: 30m, 26h, 3d",
}
_LISTS = ("source", "record")


def manifest_rule(issue: Mapping[str, Any], known: tuple[str, ...] = ()) -> str:
    """Returns the rule for an issue of pydantic's ValidationError.errors(); `known`: keys that the table may have."""
    key, kind = ".".join(str(part) for part in issue["loc"]), issue["type"]
    if kind == "tuple_type" and key in _LISTS:
        return f"must be a list of tables: [[{key}]], not [{key}]"
    if kind == "string_pattern_mismatch" and key in _PATTERNS:
        return _PATTERNS[key]
    rule = _RULES.get(kind)
    if rule is None:
        return str(issue["msg"]).removeprefix("Value error, ")
    text = rule.format_map(issue.get("ctx", {}))
    if kind == "extra_forbidden" and known:
        like = difflib.get_close_matches(str(issue["loc"][-1]), known, 1)
        text += f", perhaps {like[0]}" if like else f": {', '.join(known)}"
    return text
