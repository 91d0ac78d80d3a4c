"""Where there is no network: the hot list and the log of look-ups on the car's disk, under a key in memory only.

`desk.OfflineDesk` is what the screen asks; docs/hotlist.md is the server's side.
"""
