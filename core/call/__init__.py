"""The working memory of one call: question, registers' states, ids, page tokens. Nothing here is for Python."""
