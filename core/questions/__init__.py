"""The questions of the contract, and the subjects that each finds. Nothing here is for Python."""
