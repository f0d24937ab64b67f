"""syncd: one conversation store for all sales channels, and a word to the buyer before they ask."""

__version__ = "0.1.0"
