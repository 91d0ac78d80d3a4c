"""What auditors and the office of habeas data call: records, discreet look-ups, exports, answers made again."""
