"""`python -m tests.bench`: how fast the webhook is, beside bare Flask and WeRoBot, measured in one run."""
