"""Starts the service: `python -m movie_svc`."""

from movie_svc.server import main

if __name__ == "__main__":
    main()
