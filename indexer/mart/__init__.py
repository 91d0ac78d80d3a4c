"""Makes the facts of a mart from the files that institutions publish; Python calls `building.build_mart`."""
