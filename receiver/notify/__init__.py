"""Brings notifications to Slack, Teams, webhooks and what Apprise knows; it knows no cluster.

An address is a secret here: none stands in a message, a log line or an error.
"""
