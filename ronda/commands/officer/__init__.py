"""Commands of officers: a question, the records behind its answer, and what is new about it."""
