"""Answers as an officer reads them, in Spanish: level first, then why, what to do, who it is, how fresh the data are.

Each function returns rich renderables; a terminal shows colours, a pipe gets plain text.
"""
