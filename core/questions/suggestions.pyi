"""What was asked, compared with a dossier's identifiers, without the GIL. Nothing here is for Python."""
