"""Optional parts of the SDK and how to get them."""


def how_to_install(extra: str) -> str:
    """The command for an extra of setup.cfg, as error messages end with it."""
    return f"in the SDK's folder: pip install -c constraints.txt -e '.[{extra}]'"
