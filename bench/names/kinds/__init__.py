"""Noise of several kinds, each with a truth of its own, and what search and alerts make of it beside the peers.

The names come from bench.foreign_list's lists; the tables of this room are `kinds.toml` and the .tsv files beside it.
Only `ronda`, `counts`, `pairs` and `levels` import the product: nothing that makes a name does.
"""
