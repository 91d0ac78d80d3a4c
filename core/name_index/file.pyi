"""The .pxd file has everything; no part of it is for Python."""
