"""The express lane: the three checks over HTTP/2 in compiled code; Python calls `express` and `statuses`."""
