"""One ClearRequest taken apart into its columns, without the GIL. Nothing here is for Python."""
