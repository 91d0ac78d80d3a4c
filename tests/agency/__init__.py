"""`ronda clear`: agencies' files against real servers, whole and broken."""
