"""The methods of all services, by the numbers that stand in audit records and in a grant's mask of methods.

The engine's are 1 to 31, Clear is 32, those that Python answers begin at 33; the tools of the log begin at 64.
"""

from __future__ import annotations

from typing import Any

from core.access.caller import METHOD_OF_CLEAR
from core.engine.entry import METHODS as _ENGINES
from server.part import Method, module_of
from server.parts import PARTS

_ENGINE_NUMBERS = {**{name: int(number) for name, number in _ENGINES.items()}, "Clear": METHOD_OF_CLEAR}


def number_of(method: Method) -> int:
    """Returns its number, the engine's where its card has none."""
    return method.number or _ENGINE_NUMBERS[method.rpc_name]


METHODS: dict[int, Method] = {
    number_of(method): method for method in sorted((each for part in PARTS for each in part.methods), key=number_of)
}
"""Every method by its number, in order."""
CALLED: dict[str, int] = {method.rpc_name: number for number, method in METHODS.items() if method.called}
"""Number of each method that can be called, by its name in the contract."""
LOOK_UPS: dict[int, str] = {number: method.name for number, method in METHODS.items() if method.is_look_up}
"""Name of each method that looks for persons or vehicles."""
REQUESTS: dict[int, Any] = {
    number_of(method): getattr(module_of(part.contract), method.request)
    for part in PARTS
    for method in part.methods
    if method.request
}
"""Message that the question of a method's record is."""
