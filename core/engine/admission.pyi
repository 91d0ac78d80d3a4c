"""On whose account a call is answered, without the GIL. Nothing here is for Python."""
