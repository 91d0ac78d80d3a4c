"""Records of a dossier copied into an answer, without the GIL. Nothing here is for Python."""
