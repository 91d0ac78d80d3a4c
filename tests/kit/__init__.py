"""What tests share: worlds, askers, oracles' neighbours, cases."""
