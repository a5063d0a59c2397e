"""What becomes of blocks when processes are away."""
