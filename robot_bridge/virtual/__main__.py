"""`python -m robot_bridge.virtual`."""

from sdk.extras import how_to_install

try:
    from robot_bridge.virtual.program import main
except ModuleNotFoundError as missing:
    if missing.name not in ("aiohttp", "zmq"):
        raise
    raise SystemExit(f"error: {missing.name} is missing; {how_to_install('robot')}") from None

if __name__ == "__main__":
    main()
