"""The generations on disk: accepted, published, listed, rolled back."""
