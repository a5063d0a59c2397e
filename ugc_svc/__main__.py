"""Starts the service: `python -m ugc_svc`."""

from ugc_svc.server import main

if __name__ == "__main__":
    main()
