"""Tables of figures: asked, shown, exported with what belongs to them; Python calls `asking` and `exports`."""
