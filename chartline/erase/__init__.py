"""A person leaves: every table, landed file and release, with proof, and does not come back by the next export."""
