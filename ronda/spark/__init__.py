"""`ronda clear --engine spark`: executors answer from a generation on their own disks; entry is `engine`."""
