"""Starts the service: `python -m booking_svc`."""

from booking_svc.server import main

if __name__ == "__main__":
    main()
