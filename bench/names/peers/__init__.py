"""Peers: other matchers on the same pairs, the same questions and the same population.

Those that need a virtual environment of their own run as scripts there (`python -m bench.names.peers.<name> FOLDER`),
read JSON lines in FOLDER and write FOLDER/<name>.json. They import nothing of ours.
"""
