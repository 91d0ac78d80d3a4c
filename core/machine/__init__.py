"""What the processor, the system and their C libraries give. Python: `arrow_export`, `parent_death`."""
