"""The benchmark's runner: starts the peers, drives mcpload, keeps the rows, prints the tables."""
