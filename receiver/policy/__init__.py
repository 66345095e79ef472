"""The judgement: which alert means which rollback, and why not.

Pure. Nothing here does I/O, reads a clock, or knows Flask or Kubernetes' client: values in, values out.
"""
