"""Everything that speaks to Kubernetes: the only room that imports its client.

Objects stay plain dicts throughout, because typed models drop the fields that they don't know.
"""
