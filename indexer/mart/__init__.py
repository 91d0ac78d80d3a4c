"""From the files that institutions publish to the facts of a mart; Python calls `building.build_mart`."""
