"""Five hundred ways in which officers type into one box, and what their writer meant."""
