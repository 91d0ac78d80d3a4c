"""The working memory of one call. Nothing here is for Python."""
