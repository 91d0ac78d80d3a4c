"""Figures through the server: counted, hidden, told with what they lack."""
