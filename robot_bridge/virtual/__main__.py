"""`python -m robot_bridge.virtual`."""

try:
    from robot_bridge.virtual.program import main
except ModuleNotFoundError as missing:
    if missing.name not in ("aiohttp", "zmq"):
        raise
    fix = "pip install 'emomotion-sdk[robot]', or '.[robot]' in a clone"
    raise SystemExit(f"error: {missing.name} is missing; {fix}") from None

if __name__ == "__main__":
    main()
