"""`./run bench-names`: the person behind the name, measured against the truth of a synthetic nation and against peers.

Nothing here imports core.names or shares a table with it: who makes the errors must not know how they are forgiven.
"""
