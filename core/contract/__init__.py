"""The numbers of the contract's fields and enums, for the core: one .pxd for each file of proto/, made by setup.py."""
