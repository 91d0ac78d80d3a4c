def clock_reference_ms(clock_ms: int) -> int:
    """The wall clock's time at the boot of the machine, if `clock_ms` is right: later readings are held against it."""

def hold_clock_against(reference_ms: int | None) -> None:
    """Puts each later answer of this process in doubt while its clock is over two minutes off this reference.

    None: nothing is in doubt, as before the first call.
    """

def is_doubtful(clock_ms: int) -> bool:
    """Returns whether `clock_ms`, read just now, is over two minutes off."""
