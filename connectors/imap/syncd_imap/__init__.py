"""Mail in by IMAP, mail out by SMTP."""
