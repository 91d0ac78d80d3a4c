"""Fuzzing of the compiled core: clang's libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer.

    python -m tests.fuzz.run --seconds 600            every target, ten minutes each
    python -m tests.fuzz.run --total-seconds 120      every target, two minutes in all
    python -m tests.fuzz.run --seconds 60 names       one target

A copy of core/ is compiled with coverage and sanitizers (build.py) and run in a program that embeds Python
(driver.c), so that libFuzzer sees the branches of the compiled code and AddressSanitizer its memory. A target is a
Python function of one argument, the bytes of an input; whatever it raises is a finding. Add one in targets.py.
"""
