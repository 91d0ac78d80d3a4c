"""A clearance agency's file of people or vehicles, judged row by row against a standard: `ronda clear` calls `run`."""
