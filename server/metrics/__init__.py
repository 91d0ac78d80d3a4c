"""What is counted, and the files that the counts lie in until they are scraped."""
