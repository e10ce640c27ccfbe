"""Connectors: one file per ticketing system; the class is `Connector`, its keyword parameters its settings."""
