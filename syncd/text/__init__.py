"""What syncd says and what it reads in text: languages, templates, platforms' text rules. Pure."""
