"""Interfaces of the processor, the system and their C libraries. Python: `arrow_export`, `parent_death`."""
