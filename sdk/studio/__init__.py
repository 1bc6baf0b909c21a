"""A page for animators in the browser, and the small web server behind it: `emomotion studio`.

`start` is the command, `desk` the server's routes, `gate` who may use it, `link` the server that makes the motion,
`orders` reads what the page asks for, `packets` is motion on its way to the page, `bodies` what moves there, `live` and
`exports` are what their names say. `page/` is the page itself: plain ES modules, no build step.
"""

from sdk.studio.start import command

__all__ = ["command"]
