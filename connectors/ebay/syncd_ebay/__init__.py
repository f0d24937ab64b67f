"""eBay messages, orders and shipments."""
