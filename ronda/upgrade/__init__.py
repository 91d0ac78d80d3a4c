"""`ronda upgrade --check`: the formats on this installation's disks, before another release takes it over."""
