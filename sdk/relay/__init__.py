"""Live characters for programs that need no plugin: streams, sent on by VMC, Live Link Face or OSC.

`command` is `emomotion relay`. One file a protocol; each turns a `Moment` into datagrams and knows no socket.
"""

from sdk.relay.command import command

__all__ = ["command"]
