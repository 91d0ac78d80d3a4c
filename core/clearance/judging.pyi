"""Clear: columns of subjects against a standard, without the GIL. Nothing here is for Python."""
