"""What goes wrong on the way to a receiver. No message repeats an address or a secret."""


class NotifyError(Exception):
    """It was not taken now: the endpoint is away or faulty, or the receiver not set up. Later it may be."""


class Refused(NotifyError):
    """This one message is not taken, as it is; the next one may be."""
