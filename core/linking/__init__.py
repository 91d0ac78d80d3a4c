"""names.bin from Python: building it, asking it, sweeping it for linking. Python: `index`, `sweep`, `scan`, `types`."""
