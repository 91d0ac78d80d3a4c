"""Habeas data: what is held about a person, from which register, and who looked; released by two persons.

Basis: Constitución, artículo 31; Decreto 57-2008, artículos 30 to 35.
"""
