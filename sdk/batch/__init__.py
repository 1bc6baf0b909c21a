"""Many clips from one list: prompts x emotions x intensities x seeds into a folder, resumed where it was stopped.

`rows` reads the list, `names` names the files, `record` remembers what was made, `work` makes it, `sheet` shows it.
`command` is `emomotion batch`.
"""

from sdk.batch.command import command

__all__ = ["command"]
