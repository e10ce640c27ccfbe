"""Measures what Deskward costs, each number beside a floor measured in the same run."""
