"""Parcel tracking by 17TRACK."""
