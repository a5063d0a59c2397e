"""Starts the service: `python -m notify_svc`."""

from notify_svc.server import main

if __name__ == "__main__":
    main()
