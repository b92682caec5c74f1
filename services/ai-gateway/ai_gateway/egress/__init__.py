"""The record of everything that leaves for Claude, written before it leaves."""
