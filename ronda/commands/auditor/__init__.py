"""Commands of auditors and of the office of habeas data: records, discreet look-ups, exports, answers made again."""
