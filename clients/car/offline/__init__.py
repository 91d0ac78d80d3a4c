"""Work without a network: the hot list and the log of look-ups on the car's disk, under a key in memory only.

The screen uses `desk.OfflineDesk`; docs/hotlist.md is the server's side.
"""
