"""The synthetic nation: twelve registers in their formats with their faults, and the truth kept apart."""
