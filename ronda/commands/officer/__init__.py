"""What officers call: a question, what stands behind its answer, what is new of it."""
