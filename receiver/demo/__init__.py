"""The demo: the whole job, told step by step, on the embedded cluster or on a real one.

Everything that it says it has read a moment before; what does not happen as told ends it with an error. It
leaves nothing behind: no process, no file, no namespace.
"""
