"""The questions of the contract: whom each finds. Nothing here is for Python."""
