"""From registers' files to an answer, through every part."""
