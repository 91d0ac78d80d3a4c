"""Takes apart the text typed into one box. Python: `detection`, `vehicles`."""
