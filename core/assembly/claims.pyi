"""Claims of who somebody is, and the links that records have with them."""
