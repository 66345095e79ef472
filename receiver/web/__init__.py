"""The doors: the webhook, the API, health and metrics, and the server that they stand on.

The only room that imports Flask and gunicorn. It decides nothing: it authenticates, bounds, parses, asks the
receiver behind `ports`, and answers.
"""
