"""The files of a published generation, written and mapped. Python: `store`, `check`, `manifest`, `registers`."""
