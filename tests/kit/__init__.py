"""Worlds, askers, oracles' neighbours and cases that tests share."""
