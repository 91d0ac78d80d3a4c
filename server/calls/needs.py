"""Supplies the core's needs in one place: a policy decision, time, or another generation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import GenerationNeeded, GrantNeeded, Needed, TimeNeeded

if TYPE_CHECKING:
    import grpc

    from core.access.caller import Caller
    from server.trust.callers import Callers


class Attempt:
    """One attempt to put a question to the core: first to the serving generation, at once; then as the core needs it.

    Attributes:
        caller: the caller, with the policy decisions so far.
        at_once: in the event loop's own thread; False once time or another generation is needed.
        generation_id: the generation that answers; "" = the serving one.
        entered: result of the limits in an earlier attempt; -1 = there was none.
    """

    __slots__ = ("_supplied", "at_once", "caller", "entered", "generation_id")

    def __init__(self, caller: Caller, *, at_once: bool = True) -> None:
        self.caller = caller
        self.at_once = at_once
        self.generation_id = ""
        self.entered = -1
        self._supplied: set[type[Needed]] = set()  # GrantNeeded, CallerRetired

    def supply(self, needed: Needed, context: grpc.aio.ServicerContext[bytes, bytes], callers: Callers) -> None:
        """Readies the next attempt. Raises Refusal, and `needed` itself where the same was supplied before."""
        if isinstance(needed, GrantNeeded) and type(needed) not in self._supplied:
            self.caller = callers.decide(context, needed.purpose)
            self._supplied.add(type(needed))
        elif isinstance(needed, TimeNeeded) and self.at_once:
            self.at_once = False
        elif isinstance(needed, GenerationNeeded) and not self.generation_id:
            self.generation_id = needed.generation_id
            self.at_once = False
        else:
            raise needed
        if needed.entered >= 0:
            self.entered = needed.entered
