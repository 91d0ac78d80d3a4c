"""Which vehicles and plates a question finds, without the GIL. Nothing here is for Python."""
