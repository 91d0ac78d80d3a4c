"""The parts of a program that asks a server: the connection, its identity, and the reasons for no answer."""
