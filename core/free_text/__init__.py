"""What is typed into one box, taken apart. Python: `detection`, `vehicles`."""
