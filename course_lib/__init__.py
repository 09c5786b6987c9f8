"""CNN by Hand: the helpers that the course's notebooks import."""
