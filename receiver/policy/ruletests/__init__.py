"""Rule tests: what rules decide about a cluster that is only written down, by the code that judges real ones.

No cluster, no clock: the moment stands in the test. Others read the files.
"""
