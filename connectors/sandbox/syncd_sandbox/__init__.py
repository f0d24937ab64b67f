"""The demo world's marketplace: the smallest connector."""
