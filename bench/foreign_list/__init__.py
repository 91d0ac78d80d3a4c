"""A second alert list with its truth, of many nations: from general knowledge, by who had not seen the matcher.

Nothing here imports core, or the other benches: who makes the names must not know how they will be compared.
"""
