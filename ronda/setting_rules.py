"""The rule that a value breaks, in the words of the settings' author, not of the library that reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_SUCH_SETTING = "no such setting"
_WHOLE_NUMBER = "must be a whole number"
# By the library's type of error; {name} is filled from its context.
_RULES = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "dict_type": "must be a table",
    "extra_forbidden": NO_SUCH_SETTING,
    "finite_number": "must be a number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "int_from_float": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_parsing_size": _WHOLE_NUMBER,
    "int_type": _WHOLE_NUMBER,
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} at most",
    "list_type": "must be a list",
    "literal_error": "must be {expected}",
    "missing": "is missing",
    "path_type": "must be a path",
    "string_pattern_mismatch": "must be written as {pattern}",
    "string_too_long": "must have {max_length} characters at most",
    "string_too_short": "must not be empty",
    "string_type": "must be a text",
    "too_long": "must have {max_length} entries at most",
    "too_short": "must have {min_length} entries or more",
    "tuple_type": "must be a list",
}


def setting_rule(issue: Mapping[str, Any]) -> str:
    """Returns the rule for one issue of pydantic's ValidationError.errors()."""
    if rule := _RULES.get(issue["type"]):
        return rule.format_map(issue.get("ctx", {}))
    return str(issue["msg"]).removeprefix("Value error, ")
