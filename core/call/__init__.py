"""The working memory of one call: its question, the registers' states, its ids and page tokens. Nothing here is for Python."""
