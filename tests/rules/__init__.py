"""Mutations of the rules in docs/answers.md, each with the test that must fail for it: `./run check-rules`."""
