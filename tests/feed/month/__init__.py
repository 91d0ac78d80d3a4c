"""`./run feed-month`: feed programs for a month of stepped days, with no hand on them."""
