"""Figures through the server: counted, hidden, shown with what they lack."""
